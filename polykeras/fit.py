"""fit, evaluate and predict: epochs and batches. No mathematics is here, and no state stays here."""

import warnings

import numpy as np

from polykeras import callbacks as callback_module
from polykeras import config, data, execute, metrics, scope, step, tree
from polykeras.data.batch import Chunk, class_weighted, host, same_length, unpack
from polykeras.errors import DataError
from polykeras.objectives import LossPlan, MetricPlan, Outputs, check_range
from polykeras.ops import dispatch
from polykeras.optimizers import get as get_optimizer
from polykeras.plugins import registry
from polykeras.programs import Programs, chunk_size, specs_of
from polykeras.random.draws import permutation
from polykeras.random.seed import make_default_seed, word


class Trainer:
    """The part of Model that compiles, fits, evaluates and predicts."""

    def _init_trainer(self):
        self.optimizer = self.loss_plan = self.metric_plan = self.compile_arguments = None
        self.loss_tracker = metrics.Mean(name="loss")
        self.programs = Programs(self)
        self.stop_training, self.steps_per_execution, self.jit_compile, self.run_eagerly = False, "auto", "auto", False
        self.history, self.device = None, None
        self._backend = None
        self._shuffles = [None, 0]

    # -- choosing ------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        loss_weights=None,
        metrics=None,
        weighted_metrics=None,
        run_eagerly=False,
        steps_per_execution="auto",
        jit_compile="auto",
        auto_scale_loss=True,
        backend=None,
    ):
        """Choose how to train.

        Args:
            optimizer: one, or its name.
            loss: one for all outputs, a list, or a dict by output; names, functions or Loss objects.
            loss_weights: numbers, likewise.
            metrics, weighted_metrics: lists of names, functions or Metric objects, or those by output;
                the second kind uses sample weights.
            run_eagerly: whether each operation runs by itself, for debugging, where the backend can.
            steps_per_execution: batches run at a time; "auto" leaves it to a rule.
            jit_compile: "auto" leaves the framework's compiler to a rule, True and False ask for it or not.
            auto_scale_loss: taken for Keras's sake; set loss_scale_factor on the optimizer.
            backend: name of the backend of this model; the default one where None.
        """
        if steps_per_execution != "auto" and (not isinstance(steps_per_execution, int) or steps_per_execution < 1):
            raise ValueError(f"compile: expected a positive int or 'auto' for steps_per_execution, got {steps_per_execution!r}.")
        self.optimizer = get_optimizer(optimizer)
        self.run_eagerly, self.steps_per_execution, self.jit_compile = run_eagerly, steps_per_execution, jit_compile
        self.compile_arguments = {"loss": loss, "loss_weights": loss_weights, "metrics": metrics, "weighted_metrics": weighted_metrics}
        self.loss_plan = self.metric_plan = None
        self.stop_training = False
        self.programs.forget()
        if backend is not None:
            self.to(backend)

    @property
    def compiled(self):
        """Whether compile was called."""
        return self.compile_arguments is not None

    @property
    def backend(self):
        """Name of the backend that this model runs on."""
        return self._backend or config.backend()

    def to(self, backend, device=None):
        """Move weights, optimizer slots, metrics and random states to a backend, bit for bit.

        Args:
            backend: its name.
            device: name of a device there, such as "gpu:0"; the backend's default where None.

        Returns:
            The model.
        """
        loaded = registry.load(backend)
        variables = {variable.key: variable for variable in [*self.variables, *self.programs.variables(), *self._training_variables()]}
        for variable in variables.values():
            execute.require_dtype(variable.dtype, loaded)
        self._backend, self.device = backend, device
        self.programs.forget()
        settled = [variable for variable in variables.values() if variable.home is not None]
        if settled:
            execute.state.settle(list(variables.values()), loaded, device)
        return self

    def _training_variables(self):
        optimizer = self.optimizer.variables if self.optimizer is not None else []
        return [*optimizer, *(variable for metric in self.metrics for variable in metric.variables)]

    def _ready(self, what):
        if not self.compiled:
            raise ValueError(f"{self.title}: {what} needs compile(optimizer=..., loss=...) first.")
        if self._backend is None:
            self._backend = config.backend()

    # -- losses and metrics ----------------------------------------------------------------------------

    def _plans(self, y, y_pred):
        """Make losses and metrics when the first batch shows the outputs."""
        if self.loss_plan is None:
            given = self.compile_arguments or {"loss": None, "loss_weights": None, "metrics": None, "weighted_metrics": None}
            outputs = self._outputs(y_pred)
            self.loss_plan = LossPlan(given["loss"], given["loss_weights"], outputs)
            self.metric_plan = MetricPlan(given["metrics"], given["weighted_metrics"], outputs)
        if self.metric_plan.rows is None and y is not None:
            self.metric_plan.build(y, y_pred)

    def _outputs(self, y_pred):
        names = self.output_names or (
            list(y_pred) if isinstance(y_pred, dict) else [f"output_{n}" for n in range(len(tree.leaves(y_pred)))]
        )
        return Outputs(names, tree.structure(y_pred))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the loss of a batch, a scalar: the compiled losses, and whatever layers added."""
        self._plans(y, y_pred)
        total = self.loss_plan(y, y_pred, sample_weight)
        for extra in self.losses:
            total = extra if total is None else total + extra
        if total is None:
            raise ValueError(f"{self.title}: there is no loss to train with. Pass loss= to compile, or call add_loss in a layer.")
        return total

    def update_metrics(self, x, y, y_pred, sample_weight=None):
        """Update the compiled metrics with a batch."""
        self._plans(y, y_pred)
        if self.metric_plan.rows:
            self.metric_plan.update_state(y, y_pred, sample_weight)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Update the compiled metrics with a batch and return all results: {name: value}."""
        self.update_metrics(x, y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self):
        """Return {name: value} of all metrics as they stand."""
        made = {}
        for metric in self._plain_metrics():
            value = metric.result()
            made.update(value if isinstance(value, dict) else {metric.name: value})
        made.update(self.metric_plan.results() if self.metric_plan is not None else {})
        return made

    def _plain_metrics(self):
        """Return the metrics beside those of compile: the loss, the outputs' losses, the layers' own."""
        trackers = [tracker for tracker in (self.loss_plan.trackers if self.loss_plan else ()) if tracker is not None]
        loss = [self.loss_tracker] if self.compiled and not self._overrides("train_step") else []
        return [*loss, *trackers, *self.metrics_within()]

    @property
    def metrics(self):
        """All metrics: the loss, those of compile, and those of layers."""
        return [*self._plain_metrics(), *(self.metric_plan.metrics if self.metric_plan else ())]

    @property
    def metrics_names(self):
        """Names of the metrics."""
        return [metric.name for metric in self.metrics]

    def reset_metrics(self):
        """Set all metrics back, in one write."""
        with scope.outside(), scope.Scope(registry.reference(), captures=True) as fresh:
            for metric in self.metrics:
                metric.reset_state()
        by_home = {}
        for variable, value in fresh.updates.items():
            if variable.home is None:
                variable.host = np.array(value)
            else:
                by_home.setdefault(id(variable.home), (variable.home, {}))[1][variable.key] = np.asarray(value)
        for home, values in by_home.values():
            home.store.write(values)

    # -- steps -----------------------------------------------------------------------------------------

    def _overrides(self, name):
        return getattr(type(self), name) is not getattr(Trainer, name)

    def train_step(self, data):
        """Run one step of training on a batch and return {name: value}; a subclass may write its own.

        Args:
            data: what the data yields: x, (x, y) or (x, y, sample_weight).
        """
        step.train(self, unpack(data))
        return self.get_metrics_result()

    def test_step(self, data):
        """Evaluate a batch and return {name: value}; a subclass may write its own."""
        step.test(self, unpack(data))
        return self.get_metrics_result()

    def predict_step(self, data):
        """Return the outputs for a batch; a subclass may write its own."""
        return step.predict(self, unpack(data))

    def _function(self, kind):
        """Return the step of a kind, as function(model, data)."""
        if not self._overrides(f"{kind}_step"):
            return getattr(step, kind)
        return lambda model, batch: getattr(model, f"{kind}_step")(_trimmed(batch))

    def _run(self, kind, chunk, specs):
        """Run a chunk of batches; return the structure of one step's result with arrays stacked if the chunk is."""
        if self.run_eagerly:
            return self._run_eagerly(kind, chunk)
        recording = self.programs.recording(kind, self._function(kind), specs)
        return tree.unflatten(recording.structure, self.programs.run(recording, chunk))

    def _logs(self, kind, made, stacked):
        """Return {name: value} after a chunk: what a custom step returned last, else the metrics."""
        backend = registry.load(self.backend)
        if self._overrides(f"{kind}_step"):
            made = tree.map_structure(lambda x: x[-1] if stacked else x, made)
            made = made if isinstance(made, dict) else {"loss": made}
        elif self.run_eagerly:
            made = dispatch.enter(lambda: step.results(self), backend)
        else:
            recording = self.programs.recording(f"{kind} results", lambda model, _: step.results(model), ())
            made = tree.unflatten(recording.structure, self.programs.program(recording).run([]))
        values = {name: np.asarray(backend.to_numpy(value)) for name, value in sorted(made.items())}
        return {name: value if value.ndim else value.item() for name, value in values.items()}

    def _run_eagerly(self, kind, chunk):
        """Run one batch operation by operation."""
        backend = registry.load(self.backend)
        if "eager" not in backend.capabilities:
            raise ValueError(f"run_eagerly: backend {self.backend!r} runs programs only. Compile with run_eagerly=False, or choose another backend.")
        return dispatch.enter(lambda: self._function(kind)(self, chunk.data), backend)

    # -- checks ----------------------------------------------------------------------------------------

    def _check(self, source, kind):
        """Refuse data that does not fit, before the first step: by recording the step, and by the ranges of indices."""
        first = source.first()
        if not self.run_eagerly:
            self.programs.recording(kind, self._function(kind), specs_of(first))
        self._check_ranges(source.everything() or first, kind)

    def _check_ranges(self, batch, kind):
        x, y, _ = batch
        for where, values, limit in self.index_inputs(x):
            check_range(where, values, -limit, limit)
        if kind != "predict" and self.loss_plan is not None and y is not None:
            self.loss_plan.check(y)

    def index_inputs(self, x):
        """Return (where, indices, limit) for the inputs that are indices of a table; a functional model knows them."""
        return []

    # -- fit -------------------------------------------------------------------------------------------

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        steps_per_epoch=None,
        validation_steps=None,
        validation_batch_size=None,
        validation_freq=1,
    ):
        """Train for a number of epochs.

        Args:
            x: inputs: arrays, nested structures of them, or an iterable of x, (x, y) or (x, y, weights).
            y: labels, like the outputs; not with an iterable.
            batch_size: samples a batch, 32 where None.
            epochs: the number of the last epoch, counted from 1.
            verbose: 0 silent, 1 or "auto" a progress bar, 2 a line an epoch.
            callbacks: list of Callbacks.
            validation_split: share of the samples, the last ones, that validates.
            validation_data: (x, y), (x, y, sample_weight) or an iterable.
            shuffle: whether samples are put in another order each epoch; not with an iterable.
            class_weight: {class: weight}.
            sample_weight: one number per sample.
            initial_epoch: how many epochs are done already.
            steps_per_epoch, validation_steps: number of batches, where not all.
            validation_batch_size: batch_size where None.
            validation_freq: after how many epochs to validate, or a list of epochs.

        Returns:
            History, whose .history is {name: one value per epoch}.

        Raises:
            DataError: the data does not fit; before the first step.
        """
        self._ready("fit")
        if validation_split:
            (x, y, sample_weight), validation_data = data.split(x, y, sample_weight, validation_split)
        backend = registry.load(self.backend)
        source = data.source_of(x, y, sample_weight, batch_size, class_weight, steps_per_epoch, backend)
        held_out = self._validation_source(validation_data, validation_batch_size or batch_size, validation_steps, backend)
        self._check(source, "train")
        if held_out is not None:
            self._check(held_out, "test")
        steps = source.steps if steps_per_epoch is None else steps_per_epoch
        watchers = callback_module.CallbackList(
            callbacks, model=self, verbose=1 if verbose == "auto" else verbose, epochs=epochs, steps=steps, add_history=True
        )
        self.stop_training = False
        self.history = watchers.history
        watchers.on_train_begin()
        logs = {}
        for epoch in range(initial_epoch, epochs):
            self.reset_metrics()
            watchers.on_epoch_begin(epoch)
            logs = self._epoch("train", source, watchers, self._order(source, shuffle), steps_per_epoch)
            if held_out is not None and _due(epoch, validation_freq):
                logs.update({f"val_{name}": value for name, value in self._evaluate(held_out, validation_steps, callbacks).items()})
            watchers.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        self.optimizer.finalize_variable_values(self.trainable_variables)
        watchers.on_train_end(logs)
        return self.history

    def _validation_source(self, validation_data, batch_size, steps, backend):
        if validation_data is None:
            return None
        if isinstance(validation_data, (data.ArraySource, data.IterableSource)):
            return validation_data
        if isinstance(validation_data, (tuple, list)):
            if len(validation_data) not in (2, 3):
                raise DataError(f"validation_data: expected (x, y) or (x, y, sample_weight), got {len(validation_data)} parts.")
            return data.source_of(*validation_data, batch_size=batch_size, backend=backend)
        return data.source_of(validation_data, steps=steps, backend=backend)

    def _order(self, source, shuffle):
        """Return this epoch's order of the samples, another in every epoch of the model's life."""
        if not shuffle or not isinstance(source, data.ArraySource):
            return None
        if self._shuffles[0] is None:
            self._shuffles[0] = word(make_default_seed())
        seed, epoch = self._shuffles
        self._shuffles[1] += 1
        return permutation(source.samples, seed, epoch)

    def _epoch(self, kind, source, watchers, order=None, limit=None):
        """Run the batches of an epoch and return the logs at its end."""
        first = source.first()
        bytes_each = sum(leaf.nbytes for leaf in tree.leaves(first))
        watched = self.run_eagerly or watchers.watches(kind)
        size = chunk_size(self.steps_per_execution, source.full_steps, bytes_each, watched)
        made, done, specs, shapes, stacked = None, 0, None, None, False
        for chunk in source.chunks(size, order, limit):
            watchers.on_batch_begin(kind, chunk.first)
            if shapes != (now := _shapes(chunk)):
                shapes, specs = now, _step_specs(chunk)
            if source.everything() is None:
                self._check_ranges(chunk.data, kind)
            made, stacked = self._run(kind, chunk, specs), chunk.stacked
            done = chunk.first + chunk.count
            watchers.on_batch_end(kind, done - 1, lambda made=made, stacked=stacked: self._logs(kind, made, stacked))
            if self.stop_training:
                break
        self._complain_if_short(kind, source, done, limit)
        return self._logs(kind, made, stacked) if made is not None else {}

    def _complain_if_short(self, kind, source, done, limit):
        wanted = limit if limit is not None else source.steps
        if wanted is not None and done < wanted and not self.stop_training:
            warnings.warn(f"{kind}: the data ended after {done} of {wanted} batches; the epoch counts those only. Check steps or the data.", stacklevel=3)

    # -- evaluate and predict --------------------------------------------------------------------------

    def evaluate(
        self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None, steps=None, callbacks=None, return_dict=False, **kwargs
    ):
        """Return the loss and the metrics on some data: a number, a list, or a dict.

        Args:
            x, y, batch_size, sample_weight, callbacks, verbose: as for fit.
            steps: number of batches, where not all.
            return_dict: whether to return {name: value}.
        """
        if kwargs:
            raise TypeError(f"evaluate: got unexpected arguments {', '.join(kwargs)}.")
        self._ready("evaluate")
        source = data.source_of(x, y, sample_weight, batch_size, None, steps, registry.load(self.backend))
        self._check(source, "test")
        logs = self._evaluate(source, steps, callbacks, verbose=1 if verbose == "auto" else verbose)
        if return_dict:
            return logs
        ordered = ["loss", *(name for name in logs if name != "loss")] if "loss" in logs else list(logs)
        values = [logs[name] for name in ordered]
        return values[0] if len(values) == 1 else values

    def _evaluate(self, source, limit, callbacks, verbose=0):
        watchers = callback_module.CallbackList(
            callbacks, model=self, verbose=verbose, epochs=1, steps=limit or source.steps, add_history=False
        )
        self.reset_metrics()
        watchers.on_test_begin()
        stopping, self.stop_training = self.stop_training, False
        logs = self._epoch("test", source, watchers, limit=limit)
        self.stop_training = stopping
        watchers.on_test_end(logs)
        return logs

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """Return the outputs for some inputs, as NumPy arrays. Arguments as for evaluate."""
        if self._backend is None:
            self._backend = config.backend()
        backend = registry.load(self.backend)
        source = data.source_of(x, batch_size=batch_size, steps=steps, backend=backend)
        self._check(source, "predict")
        watchers = callback_module.CallbackList(
            callbacks, model=self, verbose=1 if verbose == "auto" else verbose, epochs=1, steps=steps or source.steps, add_history=False
        )
        first = source.first()
        size = chunk_size(self.steps_per_execution, source.full_steps, sum(leaf.nbytes for leaf in tree.leaves(first)), False)
        parts, structure = [], None
        watchers.on_predict_begin()
        for chunk in source.chunks(size, limit=steps):
            watchers.on_batch_begin("predict", chunk.first)
            leaves, structure = tree.flatten(self._run("predict", chunk, _step_specs(chunk)))
            rows = [backend.to_numpy(leaf) for leaf in leaves]
            parts.append([row.reshape(-1, *row.shape[2:]) if chunk.stacked else row for row in rows])
            watchers.on_batch_end("predict", chunk.first + chunk.count - 1, lambda: {})
        watchers.on_predict_end()
        return tree.unflatten(structure, [np.concatenate(column) for column in zip(*parts)])

    # -- one batch -------------------------------------------------------------------------------------

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False):
        """Train on one batch and return the loss and the metrics so far."""
        self._ready("train_on_batch")
        return self._on_batch("train", (x, y, sample_weight), class_weight, return_dict)

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False):
        """Evaluate one batch and return the loss and the metrics so far."""
        self._ready("test_on_batch")
        return self._on_batch("test", (x, y, sample_weight), None, return_dict)

    def predict_on_batch(self, x):
        """Return the outputs for one batch, as NumPy arrays."""
        return self.predict(x, batch_size=len(tree.leaves(host(x, "x"))[0]), verbose=0)

    def _on_batch(self, kind, batch, class_weight, return_dict):
        backend = registry.load(self.backend)
        x, y, sample_weight = (host(part, name, backend) for part, name in zip(batch, ("x", "y", "sample_weight")))
        same_length(x=x, y=y, sample_weight=sample_weight)
        if class_weight is not None:
            sample_weight = class_weighted(y, class_weight)
        chunk = Chunk(0, 1, (x, y, sample_weight), False)
        specs = specs_of(chunk.data)
        if not self.run_eagerly:
            self.programs.recording(kind, self._function(kind), specs)
        self._check_ranges(chunk.data, kind)
        logs = self._logs(kind, self._run(kind, chunk, specs), False)
        if return_dict:
            return logs
        values = [logs["loss"], *(value for name, value in logs.items() if name != "loss")] if "loss" in logs else list(logs.values())
        return values[0] if len(values) == 1 else values


def _trimmed(batch):
    """Return a batch as a custom step expects it: without the parts that are not there."""
    x, y, sample_weight = batch
    if sample_weight is not None:
        return batch
    return (x,) if y is None else (x, y)


def _due(epoch, frequency):
    return (epoch + 1) in frequency if isinstance(frequency, (list, tuple, set)) else (epoch + 1) % frequency == 0


def _shapes(chunk):
    return chunk.stacked, tuple((leaf.shape, leaf.dtype) for leaf in tree.leaves(chunk.data))


def _step_specs(chunk):
    """Return the Specs of one batch of a chunk."""
    return specs_of(tree.map_structure(lambda leaf: leaf[0], chunk.data) if chunk.stacked else chunk.data)

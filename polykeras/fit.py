"""fit, evaluate and predict: epochs and batches. No mathematics is here, and no state stays here."""

import sys
import warnings

import numpy as np

from polykeras import data, finite, step, tree
from polykeras.callbacks import CallbackList
from polykeras.compiled import Compiled
from polykeras.data.batch import Chunk, unpack
from polykeras.errors import DataError
from polykeras.objectives import check_range
from polykeras.ops import dispatch
from polykeras.plugins import registry
from polykeras.programs import chunk_size, specs_of
from polykeras.random.draws import permutation
from polykeras.random.seed import make_default_seed, word

STOPS = {"train": "stop_training", "test": "stop_evaluating", "predict": "stop_predicting"}


class Trainer(Compiled):
    """The part of Model that fits, evaluates and predicts."""

    def _init_trainer(self):
        self._init_compiled()
        self.stop_training = self.stop_evaluating = self.stop_predicting = False
        self.history = None
        self._shuffles = [None, 0]

    # -- steps -----------------------------------------------------------------------------------------

    def train_step(self, data):
        """Run one step of training on a batch and return {name: value}; a subclass may write its own.

        Args:
            data: what the data yields: x, (x, y) or (x, y, sample_weight).
        """
        return self._step_with_metrics(step.updated, unpack(data))

    def test_step(self, data):
        """Evaluate a batch and return {name: value}; a subclass may write its own."""
        return self._step_with_metrics(step.tested, unpack(data))

    def predict_step(self, data):
        """Return the outputs for a batch; a subclass may write its own."""
        return step.predict(self, unpack(data))

    def _step_with_metrics(self, function, batch):
        x, y, sample_weight = batch
        y_pred, loss = function(self, batch)
        step.counted(self, batch, loss)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def _is_own(self, kind):
        """Whether a subclass says what a step returns; fit's own steps leave the metrics to be read when shown."""
        written = [f"{kind}_step"] if kind == "predict" else [f"{kind}_step", "compute_metrics"]
        return any(getattr(type(self), name) is not getattr(Trainer, name) for name in written)

    def _function(self, kind):
        """Return the step of a kind, as function(model, data)."""
        if not self._is_own(kind):
            return getattr(step, kind)
        return lambda model, batch: getattr(model, f"{kind}_step")(_trimmed(batch))

    def _run(self, kind, chunk, specs):
        """Run a chunk of batches; return the structure of one step's result with arrays stacked if the chunk is."""
        if self.run_eagerly:
            return dispatch.enter(lambda: self._function(kind)(self, chunk.data), self._eager_backend())
        recording = self.programs.recording(kind, self._function(kind), specs)
        return tree.unflatten(recording.structure, self.programs.run(recording, chunk))

    def _eager_backend(self):
        backend = registry.load(self.backend)
        if "eager" not in backend.capabilities:
            raise ValueError(f"run_eagerly: backend {self.backend!r} runs programs only. Compile with run_eagerly=False, or choose another backend.")
        return backend

    def _logs(self, kind, made, stacked):
        """Return {name: value} after a chunk: what a step of a subclass returned last, else the metrics."""
        backend = registry.load(self.backend)
        if self._is_own(kind):
            made = tree.map_structure(lambda x: x[-1] if stacked else x, made)
            made = made if isinstance(made, dict) else {"loss": made}
        elif self.run_eagerly:
            made = dispatch.enter(lambda: step.results(self), backend)
        else:
            recording = self.programs.recording(f"{kind} results", lambda model, _: step.results(model), ())
            made = tree.unflatten(recording.structure, self.programs.program(recording).run([]))
        values = {name: np.asarray(backend.to_numpy(value)) for name, value in sorted(_flat(made).items())}
        return {name: value if value.ndim else value.item() for name, value in values.items()}

    # -- checks ----------------------------------------------------------------------------------------

    def _check(self, source, kind):
        """Refuse data that does not fit, before the first step: by recording the step, and by the ranges of indices."""
        first = source.first()
        self.programs.look()
        if self.run_eagerly:
            self._eager_backend()
        else:
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

    # -- batches ---------------------------------------------------------------------------------------

    def _chunks(self, kind, source, watchers, order=None, limit=None):
        """Run the batches of an epoch; yield each chunk, its data let go, with what its step made."""
        done, specs, shapes = 0, None, None
        self.programs.look()
        size = 1 if self.run_eagerly else self._chunk_size(kind, source, watchers.watches(kind))
        for chunk in source.chunks(size, order, limit):
            watchers.on_batch_begin(kind, chunk.first)
            if shapes != (now := _shapes(chunk)):
                shapes, specs = now, _step_specs(chunk)
            if source.everything() is None:
                self._check_ranges(chunk.data, kind)
            made, done = self._run(kind, chunk, specs), chunk.first + chunk.count
            watchers.on_batch_end(kind, done - 1, lambda chunk=chunk, made=made: self._seen(kind, chunk, made))
            yield chunk._replace(data=None), made
            if getattr(self, STOPS[kind]):
                return
        wanted = source.steps if limit is None else limit
        if wanted is not None and done < wanted:
            warnings.warn(f"{kind}: the data ended after {done} of {wanted} batches; the epoch counts those only. Check steps or the data.", stacklevel=4)

    def _chunk_size(self, kind, source, watched):
        """Return how many batches to run at a time."""
        first = source.first()
        work = self.programs.recording(kind, self._function(kind), specs_of(first)).trace.work
        return chunk_size(self.steps_per_execution, source.full_steps, sum(leaf.nbytes for leaf in tree.leaves(first)), work, watched)

    def _seen(self, kind, chunk, made):
        """Return what callbacks see after a chunk."""
        return {"outputs": self._arrays(chunk, made)} if kind == "predict" else self._logs(kind, made, chunk.stacked)

    def _arrays(self, chunk, made):
        """Return outputs as NumPy arrays, batch after batch."""
        backend = registry.load(self.backend)
        rows = tree.map_structure(backend.to_numpy, made)
        return tree.map_structure(lambda row: row.reshape(-1, *row.shape[2:]), rows) if chunk.stacked else rows

    def _epoch(self, kind, source, watchers, order=None, limit=None):
        """Run the batches of an epoch and return the logs at its end, and what every chunk made."""
        runs = list(self._chunks(kind, source, watchers, order, limit))
        return (self._logs(kind, runs[-1][1], runs[-1][0].stacked) if runs else {}), runs

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
            validation_data: (x, y), (x, y, sample_weight) or an iterable; goes before validation_split.
            shuffle: whether samples, or a PyDataset's batches, come in another order each epoch.
            class_weight: {class: weight}.
            sample_weight: one number per sample.
            initial_epoch: how many epochs are done already.
            steps_per_epoch, validation_steps: number of batches, where not all; the next epoch goes on behind them.
            validation_batch_size: batch_size where None.
            validation_freq: after how many epochs to validate, or a list of epochs.

        Returns:
            History, whose .history is {name: one value per epoch}.

        Raises:
            DataError: the data does not fit; before the first step.
        """
        backend = self._ready("fit", quiet=verbose == 0)
        _whole("epochs", epochs, 0), _whole("initial_epoch", initial_epoch, 0), _whole("steps_per_epoch", steps_per_epoch)
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = data.split(x, y, sample_weight, validation_split)
        source = data.source_of(x, y, sample_weight, batch_size, class_weight, steps_per_epoch, backend)
        held_out = self._held_out(validation_data, validation_batch_size or batch_size, validation_steps, backend)
        self._check(source, "train")
        if held_out is not None:
            self._check(held_out, "test")
        watchers = self._watchers(callbacks, verbose, epochs, steps_per_epoch or source.steps, add_history=True)
        self.history, self.stop_training = watchers.history, False
        watchers.on_train_begin()
        logs = {}
        for epoch in range(initial_epoch, epochs):
            self.reset_metrics()
            watchers.on_epoch_begin(epoch)
            logs, runs = self._epoch("train", source, watchers, self._order(source, shuffle), steps_per_epoch)
            finite.warn(self, epoch, logs, [] if self._is_own("train") else runs)
            if held_out is not None and _due(epoch, validation_freq):
                logs.update({f"val_{name}": value for name, value in self._evaluate(held_out, validation_steps, watchers).items()})
            logs = dict(sorted(logs.items()))
            watchers.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        self.optimizer.finalize_variable_values(self.trainable_variables)
        watchers.on_train_end(logs)
        return self.history

    def _watchers(self, callbacks, verbose, epochs, steps, add_history=False):
        if isinstance(callbacks, CallbackList):
            return callbacks
        return CallbackList(callbacks, add_history, model=self, verbose=1 if verbose == "auto" else verbose, epochs=epochs, steps=steps)

    def _held_out(self, validation_data, batch_size, steps, backend):
        """Return the source of validation data, or None."""
        if validation_data is None:
            return None
        if not isinstance(validation_data, (tuple, list)):
            return data.source_of(validation_data, batch_size=batch_size, steps=steps, backend=backend)
        if not 1 <= len(validation_data) <= 3:
            raise DataError(f"validation_data: expected (x, y) or (x, y, sample_weight), got {len(validation_data)} parts.")
        return data.source_of(*unpack(validation_data), batch_size=batch_size, backend=backend)

    def _order(self, source, shuffle):
        """Return the next order of what a source shuffles, another in every epoch of the model's life."""
        if not shuffle or not source.shuffled or not source.at_start:
            return None
        if self._shuffles[0] is None:
            self._shuffles[0] = word(make_default_seed())
        seed, epoch = self._shuffles
        self._shuffles[1] += 1
        return permutation(source.shuffled, seed, epoch)

    # -- evaluate and predict --------------------------------------------------------------------------

    def evaluate(
        self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None, steps=None, callbacks=None, return_dict=False, **kwargs
    ):
        """Return the loss and the metrics on some data: a number, a list in the order of metrics_names, or a dict.

        Args:
            x, y, batch_size, sample_weight, callbacks, verbose: as for fit.
            steps: number of batches, where not all.
            return_dict: whether to return {name: value}.
        """
        if kwargs:
            raise TypeError(f"evaluate: got unexpected arguments {', '.join(kwargs)}.")
        backend = self._ready("evaluate")
        source = data.source_of(x, y, sample_weight, batch_size, None, _whole("steps", steps), backend)
        self._check(source, "test")
        logs = self._evaluate(source, steps, self._watchers(callbacks, verbose, 1, steps or source.steps))
        return logs if return_dict else self.in_order(logs)

    def _evaluate(self, source, limit, watchers):
        self.reset_metrics()
        self.stop_evaluating = False
        source.restart()
        watchers.on_test_begin()
        logs, _ = self._epoch("test", source, watchers, limit=limit)
        watchers.on_test_end(logs)
        return logs

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """Return the outputs for some inputs, as NumPy arrays. Arguments as for evaluate."""
        source = data.source_of(x, batch_size=batch_size, steps=_whole("steps", steps), backend=self._chosen_backend())
        self._check(source, "predict")
        watchers = self._watchers(callbacks, verbose, 1, steps or source.steps)
        self.stop_predicting = False
        watchers.on_predict_begin()
        parts = [self._arrays(chunk, made) for chunk, made in self._chunks("predict", source, watchers, limit=steps)]
        watchers.on_predict_end()
        return tree.map_structure(lambda *rows: np.concatenate(rows), *parts)

    # -- one batch -------------------------------------------------------------------------------------

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False):
        """Train on one batch and return its loss and metrics, as evaluate does."""
        return self._on_batch("train", (x, y, sample_weight), class_weight, return_dict)

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False):
        """Evaluate one batch and return its loss and metrics, as evaluate does."""
        return self._on_batch("test", (x, y, sample_weight), None, return_dict)

    def predict_on_batch(self, x):
        """Return the outputs for one batch, as NumPy arrays."""
        return self.predict(x, batch_size=sys.maxsize, verbose=0)

    def _on_batch(self, kind, batch, class_weight, return_dict):
        backend = self._ready(f"{kind}_on_batch")
        source = data.ArraySource(*batch, sys.maxsize, class_weight, backend)
        self._check(source, kind)
        self.reset_metrics()
        chunk = Chunk(0, 1, source.first(), False)
        logs = self._logs(kind, self._run(kind, chunk, specs_of(chunk.data)), False)
        return logs if return_dict else self.in_order(logs)


def _trimmed(batch):
    """Return a batch as a custom step expects it: without the parts that are not there."""
    x, y, sample_weight = batch
    if sample_weight is not None:
        return batch
    return (x,) if y is None else (x, y)


def _flat(logs):
    """Return logs with those within, of a metric with several results, among them."""
    made = {}
    for name, value in logs.items():
        made.update(_flat(value) if isinstance(value, dict) else {name: value})
    return made


def _due(epoch, frequency):
    return (epoch + 1) in frequency if isinstance(frequency, (list, tuple, set)) else (epoch + 1) % frequency == 0


def _whole(name, value, least=1):
    """Return a count, None for None.

    Raises:
        ValueError: it is no whole number, or too small.
    """
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if value is not None and not (whole and value >= least):
        raise ValueError(f"{name}: expected an int of at least {least}, got {value!r}.")
    return value


def _shapes(chunk):
    return chunk.stacked, tuple((leaf.shape, leaf.dtype) for leaf in tree.leaves(chunk.data))


def _step_specs(chunk):
    """Return the Specs of one batch of a chunk."""
    return specs_of(tree.map_structure(lambda leaf: leaf[0], chunk.data) if chunk.stacked else chunk.data)

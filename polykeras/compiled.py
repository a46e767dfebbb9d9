"""What compile chooses: the optimizer, the losses, the metrics, the backend; and what a model knows by them."""

import inspect

import numpy as np

from polykeras import config, execute, objectives, ops, scope, tree
from polykeras.metrics import Mean
from polykeras.objectives import LossPlan, MetricPlan, Outputs
from polykeras.optimizers import get as get_optimizer
from polykeras.plugins import registry
from polykeras.programs import Programs


class Compiled:
    """The part of Model that is compiled, and that moves between backends."""

    def _init_compiled(self):
        self.optimizer = self.loss_plan = self.metric_plan = self.compile_arguments = self.loss = None
        self._loss_tracker = Mean(name="loss")
        self.programs = Programs(self)
        self.steps_per_execution, self.jit_compile, self.run_eagerly = "auto", "auto", False
        self.device, self._backend = None, None

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

        Raises:
            ValueError: an optimizer, loss or metric is unknown.
            PluginError: the backend cannot be used.
        """
        whole = isinstance(steps_per_execution, int) and not isinstance(steps_per_execution, bool)
        if steps_per_execution != "auto" and not (whole and steps_per_execution > 0):
            raise ValueError(f"compile: expected a positive int or 'auto' for steps_per_execution, got {steps_per_execution!r}.")
        given = {"loss": loss, "loss_weights": loss_weights, "metrics": metrics, "weighted_metrics": weighted_metrics}
        objectives.check_names(**given)
        optimizer = get_optimizer(optimizer)
        if backend is not None:
            registry.load(backend)
        self.optimizer, self.loss, self.compile_arguments = optimizer, loss, given
        self.run_eagerly, self.steps_per_execution, self.jit_compile = run_eagerly, steps_per_execution, jit_compile
        self._loss_tracker = Mean(name="loss")
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

    def _chosen_backend(self, quiet=True):
        """Return the backend of this model, which the default becomes where none was chosen."""
        if self._backend is None:
            if not quiet:
                config.announce_backend()
            self._backend = config.backend()
        return registry.load(self._backend)

    def _ready(self, what, quiet=True):
        if not self.compiled:
            raise ValueError(f"{self.title}: {what} needs compile(optimizer=..., loss=...) first.")
        return self._chosen_backend(quiet)

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
            extra = ops.sum(extra) if ops.ndim(extra) else extra
            total = extra if total is None else total + extra
        if total is None:
            raise ValueError(f"{self.title}: there is no loss to train with. Pass loss= to compile, or call add_loss in a layer.")
        return total

    def loss_of(self, x, y, y_pred, sample_weight, training):
        """Return compute_loss's result, whether a subclass's takes `training` or, as of old, does not."""
        flags = {"training": training} if "training" in inspect.signature(self.compute_loss).parameters else {}
        return self.compute_loss(x, y, y_pred, sample_weight, **flags)

    def count_loss(self, loss, samples):
        """Let the mean loss take in that of a batch."""
        self._loss_tracker.update_state(loss, sample_weight=samples)

    def update_metrics(self, x, y, y_pred, sample_weight=None):
        """Update the compiled metrics with a batch."""
        self._plans(y, y_pred)
        if self.metric_plan.rows:
            self.metric_plan.update_state(y, y_pred, sample_weight)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Update the compiled metrics with a batch and return all results, {name: value}; a subclass may do more."""
        self.update_metrics(x, y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self):
        """Return {name: value} of all metrics as they stand."""
        planned = {id(metric) for metric in self._planned_metrics()}
        made = {}
        for metric in self.metrics:
            if id(metric) not in planned:
                value = metric.result()
                made.update(value if isinstance(value, dict) else {metric.name: value})
        return {**made, **(self.metric_plan.results() if planned else {})}

    def _planned_metrics(self):
        return self.metric_plan.metrics if self.metric_plan is not None else []

    @property
    def metrics(self):
        """All metrics: the loss, those of compile, the outputs' losses, those of layers; a subclass may list its own."""
        compiled = [self._loss_tracker, *self._planned_metrics()] if self.compiled else []
        outputs = [tracker for tracker in (self.loss_plan.trackers if self.loss_plan else ()) if tracker is not None]
        return [*compiled, *outputs, *self.metrics_within()]

    def metrics_by_name(self):
        """Return {name in the logs: metric}."""
        planned = {id(metric) for metric in self._planned_metrics()}
        named = self.metric_plan.named() if planned else []
        return {**{metric.name: metric for metric in self.metrics if id(metric) not in planned}, **dict(named)}

    @property
    def metrics_names(self):
        """Names in the logs, in Keras's order of evaluate: those that a metric bears as it is, the others by the alphabet."""
        named = self.metrics_by_name()
        return list(dict.fromkeys([*(metric.name for metric in self.metrics if metric.name in named), *sorted(named)]))

    def in_order(self, logs):
        """Return the values of logs as a list, in the order of metrics_names, others behind; one value alone as it is."""
        names = dict.fromkeys([*(name for name in self.metrics_names if name in logs), *logs])
        values = [logs[name] for name in names]
        return values[0] if len(values) == 1 else values

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

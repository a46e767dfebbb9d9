"""TensorFlow by hand: a step in one tf.function, or an epoch of steps in a loop within it; XLA or not."""

import tensorflow as tf

from benchmarks import workloads as w
from benchmarks.hand.tensorflow_forwards import FORWARDS, XLA_FORWARDS

LOSSES = {
    w.CATEGORIES: lambda labels, logits: tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)),
    w.CLICKS: lambda labels, logits: tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)),
}


def variables(job, variable=tf.Variable):
    """Return the weights and the moving averages, by name.

    Args:
        job: whose weights.
        variable: makes a variable of an array.
    """
    made = {name: variable(value) for name, value in job.weights.items()}
    return {name: made[name] for name in made if "/moving_" not in name}, {name: made[name] for name in made if "/moving_" in name}


class Training:
    """Weights, moving averages and Adam's slots as variables, and the step on them.

    Args:
        job: what to train.
        forward: a forward pass.
        variable: makes a variable of an array.
    """

    def __init__(self, job, forward, variable=tf.Variable):
        self.forward, self.loss_of = forward, LOSSES[job.workload.loss]
        self.p, self.moving = variables(job, variable)
        self.slots = {name: [variable(tf.zeros(p.shape)) for _ in range(2)] for name, p in self.p.items()}
        self.count = variable(0.0)

    def step(self, inputs, labels):
        """Update everything by a batch; return the loss, which is there when all is done."""
        with tf.GradientTape() as tape:
            logits, moved = self.forward(self.p, self.moving, inputs, True)
            loss = self.loss_of(labels, logits)
        gradients = tape.gradient(loss, list(self.p.values()))
        count = self.count.assign_add(1.0).read_value()
        given = {"beta1_power": w.BETA_1**count, "beta2_power": w.BETA_2**count}
        given.update(lr=w.LEARNING_RATE, beta1=w.BETA_1, beta2=w.BETA_2, epsilon=w.EPSILON)
        done = [self.moving[name].assign(value).op for name, value in moved.items()]
        for (name, p), gradient in zip(self.p.items(), gradients):
            m, v = self.slots[name]
            done.append(tf.raw_ops.ResourceApplyAdam(var=p.handle, m=m.handle, v=v.handle, grad=tf.convert_to_tensor(gradient), **given))
        with tf.control_dependencies(done):
            return tf.identity(loss)

    def epoch(self, inputs, labels):
        """Run a step for each batch, one after the other; return the mean loss."""
        steps = labels.shape[0]

        def body(i, total):
            return i + 1, total + self.step([x[i] for x in inputs], labels[i])

        return tf.while_loop(lambda i, _: i < steps, body, (0, 0.0), parallel_iterations=1)[1] / steps


def _tensors(job):
    return tf.nest.map_structure(tf.constant, job.stacked)


def _batches(job):
    inputs, labels = _tensors(job)
    return list(zip(zip(*map(tf.unstack, inputs)), tf.unstack(labels)))


def _stepwise(forwards, jit):
    def make(job):
        step = tf.function(Training(job, forwards[job.workload.forward]).step, jit_compile=jit, autograph=False)
        batches = _batches(job)
        return lambda steps: tf.reduce_mean([step(*batch) for batch in batches[:steps]]).numpy()

    return make


def _epochwise(forwards, jit):
    def make(job):
        epoch = tf.function(Training(job, forwards[job.workload.forward]).epoch, jit_compile=jit, autograph=False)
        inputs, labels = _tensors(job)
        return lambda steps: epoch([x[:steps] for x in inputs], labels[:steps]).numpy()

    return make


TRAIN = {
    "function": _stepwise(FORWARDS, False),
    "xla": _stepwise(XLA_FORWARDS, True),
    "epoch loop": _epochwise(FORWARDS, False),
    "xla epoch loop": _epochwise(XLA_FORWARDS, True),
}
PREDICT = {"function": (FORWARDS, False), "xla": (XLA_FORWARDS, True)}


def train(job):
    """Return epoch(steps) -> mean loss."""
    return TRAIN[job.variant](job)


def predict(job):
    """Return epoch(steps) -> outputs."""
    forwards, jit = PREDICT[job.variant]
    (p, moving), batches = variables(job), _batches(job)
    outputs_of = tf.function(lambda inputs: forwards[job.workload.forward](p, moving, inputs, False)[0], jit_compile=jit, autograph=False)
    return lambda steps: tf.concat([outputs_of(inputs) for inputs, _ in batches[:steps]], 0).numpy()

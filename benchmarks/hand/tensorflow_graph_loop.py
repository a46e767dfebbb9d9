"""A TF1 Session by hand: one session call a step through make_callable, or one an epoch with the loop in the graph."""

import numpy as np
import tensorflow as tf

from benchmarks.hand.tensorflow_forwards import FORWARDS
from benchmarks.hand.tensorflow_loop import Training, variables

v1 = tf.compat.v1


def _variable(value):
    return v1.Variable(value, use_resource=True)


def _session(made_of, *arguments):
    """Return a session, and what a function that makes variables made in its graph."""
    session = v1.Session(graph=tf.Graph())
    with session.graph.as_default():
        made = made_of(*arguments, _variable)
        session.run(v1.global_variables_initializer())
    return session, made


def _training(job):
    return _session(Training, job, FORWARDS[job.workload.forward])


def _placeholders(batches):
    """Return placeholders for arrays (steps, batch, ...)."""
    return tf.nest.map_structure(lambda array: v1.placeholder(array.dtype, array.shape[1:]), batches)


def _fed(session, fetched, given, arrays):
    """Return run(step) -> the fetched values, fed the batch of that number."""
    call = session.make_callable(fetched, tf.nest.flatten(given))
    rows = list(zip(*tf.nest.flatten(arrays)))
    return lambda step: call(*rows[step])


def _stepwise(job):
    session, state = _training(job)
    with session.graph.as_default():
        given = _placeholders(job.stacked)
        run = _fed(session, state.step(*given), given, job.stacked)
    return lambda steps: np.mean([run(step) for step in range(steps)])


def _epochwise(job):
    session, state = _training(job)
    calls = {}
    with session.graph.as_default():
        inputs, labels = tf.nest.map_structure(lambda array: v1.Variable(array, trainable=False, use_resource=True), job.stacked)
        session.run(v1.variables_initializer([*inputs, labels]))

    def epoch(steps):
        if steps not in calls:
            with session.graph.as_default():
                calls[steps] = session.make_callable(state.epoch([x[:steps] for x in inputs], labels[:steps]))
        return calls[steps]()

    return epoch


TRAIN = {"session": _stepwise, "session loop": _epochwise}


def train(job):
    """Return epoch(steps) -> mean loss."""
    return TRAIN[job.variant](job)


def predict(job):
    """Return epoch(steps) -> outputs."""
    session, (p, moving) = _session(variables, job)
    inputs, _ = job.stacked
    with session.graph.as_default():
        given = _placeholders(inputs)
        run = _fed(session, FORWARDS[job.workload.forward](p, moving, given, False)[0], given, inputs)
    return lambda steps: np.concatenate([run(step) for step in range(steps)])

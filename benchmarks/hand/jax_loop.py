"""JAX by hand: a step in one jit, or an epoch of steps in one scan; the state is donated."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import workloads as w
from benchmarks.hand.jax_forwards import FORWARDS


def cross_entropy(logits, labels):
    """Return the mean of -log softmax at the labels."""
    return jnp.mean(jax.nn.logsumexp(logits, -1) - jnp.take_along_axis(logits, labels[:, None], -1)[:, 0])


def binary_cross_entropy(logits, labels):
    """Return the mean of -log sigmoid of the label's side."""
    return jnp.mean(jax.nn.softplus(logits) - logits * labels)


LOSSES = {w.CATEGORIES: cross_entropy, w.CLICKS: binary_cross_entropy}


def _is_moving(name):
    return "/moving_" in name


def _step(forward, loss_of):
    """Return step(state, batch) -> (state, loss)."""

    def objective(p, moving, inputs, labels, key):
        logits, moving = forward(p, moving, inputs, key)
        return loss_of(logits, labels), moving

    def step(state, batch):
        p, moving, m, v, count = state
        count = count + 1
        (loss, moving), g = jax.value_and_grad(objective, has_aux=True)(p, moving, *batch, jax.random.fold_in(jax.random.key(0), count))
        rate = w.LEARNING_RATE * jnp.sqrt(1 - w.BETA_2**count) / (1 - w.BETA_1**count)
        m = jax.tree.map(lambda m, g: m + (g - m) * (1 - w.BETA_1), m, g)
        v = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - w.BETA_2), v, g)
        p = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + w.EPSILON), p, m, v)
        return (p, moving, m, v, count), loss

    return step


def _state(weights):
    p = {name: jnp.asarray(value) for name, value in weights.items() if not _is_moving(name)}
    moving = {name: jnp.asarray(value) for name, value in weights.items() if _is_moving(name)}
    return p, moving, jax.tree.map(jnp.zeros_like, p), jax.tree.map(jnp.zeros_like, p), jnp.zeros((), "int32")


def _stepwise(step, state, inputs, labels):
    """Return epoch(steps): a call of the step for each batch."""
    batches = jax.device_put(list(zip(zip(*inputs), labels)))

    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def counted(state, total, batch):
        state, loss = step(state, batch)
        return state, total + loss

    def epoch(steps):
        nonlocal state
        total = jnp.zeros(())
        for batch in batches[:steps]:
            state, total = counted(state, total, batch)
        return float(total) / steps

    return epoch


def _scanned(step, state, inputs, labels):
    """Return epoch(steps): a scan over the batches."""
    whole = jax.jit(lambda state, batches: jax.lax.scan(step, state, batches), donate_argnums=0)
    inputs, labels = jax.device_put((inputs, labels))

    def epoch(steps):
        nonlocal state
        state, losses = whole(state, ([x[:steps] for x in inputs], labels[:steps]))
        return float(jnp.mean(losses))

    return epoch


TRAIN = {"jit": _stepwise, "scan": _scanned}


def train(job):
    """Return epoch(steps) -> mean loss."""
    step = _step(FORWARDS[job.workload.forward], LOSSES[job.workload.loss])
    return TRAIN[job.variant](step, _state(job.weights), *job.stacked)


def _predict_stepwise(outputs_of, weights, inputs):
    batches, compiled = jax.device_put(list(zip(*inputs))), jax.jit(outputs_of)
    return lambda steps: np.concatenate(jax.device_get([compiled(weights, batch) for batch in batches[:steps]]))


def _predict_mapped(outputs_of, weights, inputs):
    whole = jax.jit(lambda weights, batches: jax.lax.map(lambda batch: outputs_of(weights, batch), batches))
    inputs = jax.device_put(inputs)
    return lambda steps: np.concatenate(np.asarray(whole(weights, [x[:steps] for x in inputs])))


PREDICT = {"jit": _predict_stepwise, "scan": _predict_mapped}


def predict(job):
    """Return epoch(steps) -> outputs."""
    p, moving, *_ = _state(job.weights)
    inputs, _ = job.stacked
    return PREDICT[job.variant](lambda weights, batch: FORWARDS[job.workload.forward](*weights, batch, None)[0], (p, moving), inputs)

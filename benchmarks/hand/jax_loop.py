"""JAX by hand: an epoch of steps in one scan, state donated."""

import functools

import jax
import jax.numpy as jnp

from benchmarks import workload as w


def run(batch, epochs):
    x, y = w.data(batch)
    steps = len(x) // batch
    xs, ys = jnp.asarray(x.reshape(steps, batch, -1)), jnp.asarray(y.reshape(steps, batch))

    def loss_of(p, xb, yb):
        logits = jax.nn.relu(xb @ p[0] + p[1]) @ p[2] + p[3]
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), yb[:, None], 1))

    def step(state, row):
        p, m, v, count = state
        loss, g = jax.value_and_grad(loss_of)(p, *row)
        count = count + 1
        rate = w.LEARNING_RATE * jnp.sqrt(1 - w.BETA_2**count) / (1 - w.BETA_1**count)
        m = [a + (b - a) * (1 - w.BETA_1) for a, b in zip(m, g)]
        v = [a + (b * b - a) * (1 - w.BETA_2) for a, b in zip(v, g)]
        p = [a - rate * b / (jnp.sqrt(c) + w.EPSILON) for a, b, c in zip(p, m, v)]
        return (p, m, v, count), loss

    @functools.partial(jax.jit, donate_argnums=0)
    def whole(state, xs, ys):
        return jax.lax.scan(step, state, (xs, ys))

    p = [jnp.asarray(a) for a in w.weights()]
    state = [(p, [jnp.zeros_like(a) for a in p], [jnp.zeros_like(a) for a in p], jnp.float32(0))]

    def epoch():
        state[0], losses = whole(state[0], xs, ys)
        return losses[-1].block_until_ready()

    w.timed(epoch, steps, epochs)

"""The models as JAX functions: (p, moving, inputs, key) -> (logits, moving); no key, no training."""

import functools

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks import workloads as w


def dense(p, name, x):
    """Return x times a kernel, plus a bias; a kernel of several axes counts as (inputs, outputs)."""
    bias = p[f"{name}/bias"].reshape(-1)
    return x @ p[f"{name}/kernel"].reshape(x.shape[-1], -1) + bias


def _layers(p, prefix):
    return [name.removesuffix("/kernel") for name in p if name.startswith(prefix) and name.endswith("/kernel")]


def _stateless(forward):
    """Return a forward pass that has no moving averages and draws nothing."""
    return lambda p, moving, inputs, key: (forward(p, *inputs), moving)


def _recurrent(forward):
    """Return a forward pass that runs several steps of time at once, but not in training, where that is slower."""
    return lambda p, moving, inputs, key: (forward(p, *inputs, unroll=10 if key is None else 1), moving)


def stack(p, x):
    """Return logits behind hidden layers, taken in their order: a jitted dict is sorted by name."""
    for index in range(len(_layers(p, "hidden_"))):
        x = jax.nn.relu(dense(p, f"hidden_{index}", x))
    return dense(p, "logits", x)


def branches(p, x):
    """Return logits behind layers side by side."""
    parts = [dense(p, f"branch_{index}", x) for index in range(len(_layers(p, "branch_")))]
    return dense(p, "logits", jax.nn.relu(jnp.concatenate(parts, 1)))


def _convolution(p, name, x, stride=1, padding="VALID"):
    """Return a convolution; of few channels as patches times a matrix, since XLA's own gradient is slow there on a CPU."""
    kernel = p[f"{name}/kernel"]
    if kernel.shape[2] <= 4:
        return _patches(x, kernel.shape[0], padding) @ kernel.reshape(-1, kernel.shape[3])
    return lax.conv_general_dilated(x, kernel, (stride, stride), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))


def _patches(x, size, padding):
    pads = lax.padtype_to_pads(x.shape[1:3], (size, size), (1, 1), padding)
    x = jnp.pad(x, ((0, 0), *pads, (0, 0)))
    height, width = x.shape[1] - size + 1, x.shape[2] - size + 1
    return jnp.concatenate([x[:, i : i + height, j : j + width] for i in range(size) for j in range(size)], -1)


def _max_pool(x):
    """Return the largest of each 2x2, by slices: the gradient of reduce_window is slow on a CPU."""
    height, width = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    return functools.reduce(jnp.maximum, [x[:, i:height:2, j:width:2] for i in range(2) for j in range(2)])


def cnn(p, moving, inputs, key):
    """Return logits behind two convolutions with pooling and dropout."""
    (x,) = inputs
    for name in ("conv_0", "conv_1"):
        x = _max_pool(jax.nn.relu(_convolution(p, name, x) + p[f"{name}/bias"]))
    x = x.reshape(x.shape[0], -1)
    x = x if key is None else jnp.where(jax.random.bernoulli(key, 0.5, x.shape), x / 0.5, 0)
    return dense(p, "logits", x), moving


def residual(p, moving, inputs, key):
    """Return logits behind residual blocks, and the moving averages."""
    moved = dict(moving)

    def convolved(x, name, stride):
        x, name = _convolution(p, f"{name}_conv", x, stride, "SAME"), f"{name}_norm"
        mean, variance = moving[f"{name}/moving_mean"], moving[f"{name}/moving_variance"]
        if key is not None:
            old_mean, old_variance = mean, variance
            mean = jnp.mean(x, (0, 1, 2))
            variance = jnp.mean(x * x, (0, 1, 2)) - mean * mean  # in one pass over x
            moved[f"{name}/moving_mean"] = old_mean * 0.99 + mean * 0.01
            moved[f"{name}/moving_variance"] = old_variance * 0.99 + variance * 0.01
        scale = p[f"{name}/gamma"] * lax.rsqrt(variance + 1e-3)
        return x * scale + (p[f"{name}/beta"] - mean * scale)

    x = jax.nn.relu(convolved(inputs[0], "stem", 1))
    for name, _, stride in w.RESIDUAL:
        inner = convolved(jax.nn.relu(convolved(x, f"{name}_a", stride)), f"{name}_b", 1)
        x = jax.nn.relu(inner + (x if stride == 1 else convolved(x, f"{name}_c", stride)))
    return dense(p, "logits", jnp.mean(x, (1, 2))), moved


def lstm(p, x, unroll):
    """Return logits behind an LSTM; the product with all inputs is one before the scan over time."""
    kernel, recurrent, bias = (p[f"lstm/lstm_cell/{part}"] for part in ("kernel", "recurrent_kernel", "bias"))
    inputs = p["words/embeddings"][x.T] @ kernel + bias
    zeros = jnp.zeros((x.shape[0], recurrent.shape[0]))

    def step(state, now):
        hidden, carry = state
        i, f, g, o = jnp.split(now + hidden @ recurrent, 4, -1)
        carry = jax.nn.sigmoid(f) * carry + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(carry), carry), None

    (hidden, _), _ = lax.scan(step, (zeros, zeros), inputs, unroll=unroll)
    return dense(p, "logits", hidden)


def gru(p, x, unroll):
    """Return logits behind a GRU both ways, which stands still where a step is all zeros."""
    seen = jnp.any(x != 0, -1).T[..., None]

    def run(way):
        kernel, recurrent, bias = (p[f"both/{way}_gru/gru_cell/{part}"] for part in ("kernel", "recurrent_kernel", "bias"))

        def step(hidden, row):
            now, there = row
            z, r, h = jnp.split(now, 3, -1)
            state_z, state_r, state_h = jnp.split(hidden @ recurrent + bias[1], 3, -1)
            z, r = jax.nn.sigmoid(z + state_z), jax.nn.sigmoid(r + state_r)
            made = z * hidden + (1 - z) * jnp.tanh(h + r * state_h)
            return jnp.where(there, made, hidden), None

        start = jnp.zeros((x.shape[0], recurrent.shape[0]))
        return lax.scan(step, start, (x.swapaxes(0, 1) @ kernel + bias[0], seen), reverse=way == "backward", unroll=unroll)[0]

    return dense(p, "logits", jnp.concatenate([run("forward"), run("backward")], -1))


def _normalised(p, name, x):
    mean, variance = jnp.mean(x, -1, keepdims=True), jnp.var(x, -1, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + 1e-3) * p[f"{name}/gamma"] + p[f"{name}/beta"]


def transformer(p, x):
    """Return logits behind encoders."""
    x = dense(p, "widen", x)
    for index in range(w.ENCODERS):
        heads = [dense(p, f"attention_{index}/{name}", x).reshape(*x.shape[:2], w.HEADS, w.HEAD_WIDTH) for name in ("query", "key", "value")]
        attended = jax.nn.dot_product_attention(*heads).reshape(x.shape)
        x = _normalised(p, f"norm_{index}_a", x + dense(p, f"attention_{index}/attention_output", attended))
        inner = jax.nn.gelu(dense(p, f"wide_{index}", x), approximate=False)
        x = _normalised(p, f"norm_{index}_b", x + dense(p, f"narrow_{index}", inner))
    return dense(p, "logits", jnp.mean(x, 1))


def recommender(p, *inputs):
    """Return the logit of two towers' product."""
    tower = lambda name, x: dense(p, f"{name}_out", jax.nn.relu(dense(p, f"{name}_hidden", p[f"{name}_table/embeddings"][x])))
    users, items = map(tower, w.TOWERS, inputs)
    return dense(p, "logits", users * items)


PLAIN = {"stack": stack, "branches": branches, "transformer": transformer, "recommender": recommender}
FORWARDS = {"cnn": cnn, "residual": residual, "lstm": _recurrent(lstm), "gru": _recurrent(gru)}
FORWARDS.update({name: _stateless(forward) for name, forward in PLAIN.items()})

"""The models as TensorFlow functions: (p, moving, inputs, training) -> (logits, moved), moved being the moving averages' new values.

FORWARDS uses the kernels TensorFlow has; XLA_FORWARDS what XLA can compile of it.
"""

import tensorflow as tf

from benchmarks import workloads as w


def dense(p, name, x):
    """Return x times a kernel, plus a bias; a kernel of several axes counts as (inputs, outputs)."""
    width = p[f"{name}/bias"].shape.num_elements()
    kernel = tf.reshape(p[f"{name}/kernel"], (-1, width))
    made = tf.matmul(tf.reshape(x, (-1, x.shape[-1])), kernel) if x.shape.rank > 2 else tf.matmul(x, kernel)
    made = tf.nn.bias_add(made, tf.reshape(p[f"{name}/bias"], (width,)))
    return tf.reshape(made, (*x.shape[:-1], width)) if x.shape.rank > 2 else made


def _stateless(forward):
    """Return a forward pass that has no moving averages and draws nothing."""
    return lambda p, moving, inputs, training: (forward(p, *inputs), {})


def stack(p, x):
    """Return logits behind hidden layers."""
    for index in range(sum(name.startswith("hidden_") for name in p) // 2):
        x = tf.nn.relu(dense(p, f"hidden_{index}", x))
    return dense(p, "logits", x)


def branches(p, x):
    """Return logits behind layers side by side."""
    parts = [dense(p, f"branch_{index}", x) for index in range(sum(name.startswith("branch_") for name in p) // 2)]
    return dense(p, "logits", tf.nn.relu(tf.concat(parts, 1)))


def cnn(p, moving, inputs, training):
    """Return logits behind two convolutions with pooling and dropout."""
    (x,) = inputs
    for name in ("conv_0", "conv_1"):
        x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, p[f"{name}/kernel"], 1, "VALID"), p[f"{name}/bias"]))
        x = tf.nn.max_pool2d(x, 2, 2, "VALID")
    x = tf.reshape(x, (x.shape[0], -1))
    return dense(p, "logits", tf.nn.dropout(x, 0.5) if training else x), {}


def residual(p, moving, inputs, training):
    """Return logits behind residual blocks, and the moving averages' new values."""
    moved = {}

    def convolved(x, name, stride):
        x, name = tf.nn.conv2d(x, p[f"{name}_conv/kernel"], stride, "SAME"), f"{name}_norm"
        given = {"scale": p[f"{name}/gamma"], "offset": p[f"{name}/beta"], "epsilon": 1e-3, "is_training": training}
        old = {part: moving[f"{name}/{part}"] for part in ("moving_mean", "moving_variance")}
        if not training:
            return tf.compat.v1.nn.fused_batch_norm(x, mean=old["moving_mean"], variance=old["moving_variance"], **given)[0]
        x, *moments = tf.compat.v1.nn.fused_batch_norm(x, **given)
        moved.update({f"{name}/{part}": value * 0.99 + moment * 0.01 for (part, value), moment in zip(old.items(), moments)})
        return x

    x = tf.nn.relu(convolved(inputs[0], "stem", 1))
    for name, _, stride in w.RESIDUAL:
        inner = convolved(tf.nn.relu(convolved(x, f"{name}_a", stride)), f"{name}_b", 1)
        x = tf.nn.relu(inner + (x if stride == 1 else convolved(x, f"{name}_c", stride)))
    return dense(p, "logits", tf.reduce_mean(x, (1, 2))), moved


def _lstm_weights(p):
    return (p[f"lstm/lstm_cell/{part}"] for part in ("kernel", "recurrent_kernel", "bias"))


def lstm(p, x):
    """Return logits behind TensorFlow's own LSTM kernel, whose gates are i, c, f, o. (The gradient of BlockLSTMV2 mistakes its gates.)"""
    kernel, recurrent, bias = _lstm_weights(p)
    inputs, units = tf.gather(p["words/embeddings"], tf.transpose(x)), recurrent.shape[0]
    swapped = lambda array: tf.reshape(tf.gather(tf.reshape(array, (-1, 4, units)), [0, 2, 1, 3], axis=1), (-1, 4 * units))
    zeros, peephole = tf.zeros((x.shape[0], units)), tf.zeros(units)
    made = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.constant(x.shape[1], tf.int64), x=inputs, cs_prev=zeros, h_prev=zeros, w=swapped(tf.concat([kernel, recurrent], 0)),
        wci=peephole, wcf=peephole, wco=peephole, b=swapped(bias)[0], forget_bias=0.0, cell_clip=-1.0,
    )  # fmt: skip
    return dense(p, "logits", made.h[-1])


def _loop(step, rows, state, steps):
    """Return the state after step(index, *state) -> state for every step, in a while loop."""
    made = tf.while_loop(lambda i, *_: i < steps, lambda i, *state: (i + 1, *step([row[i] for row in rows], *state)), (0, *state), maximum_iterations=steps)
    return made[1:]


def _unrolled(step, rows, state, steps):
    """Return the state after every step, written one behind the other."""
    rows = [tf.unstack(row) for row in rows]
    for i in range(steps):
        state = step([row[i] for row in rows], *state)
    return state


def lstm_stepwise(p, x):
    """Return logits behind an LSTM step by step; the product with all inputs is one before the loop."""
    kernel, recurrent, bias = map(tf.convert_to_tensor, _lstm_weights(p))
    count, units = x.shape[0], recurrent.shape[0]
    inputs = tf.gather(p["words/embeddings"], tf.transpose(x))
    inputs = tf.reshape(tf.matmul(tf.reshape(inputs, (-1, inputs.shape[-1])), kernel) + bias, (-1, count, 4 * units))

    def step(row, hidden, carry):
        i, f, g, o = tf.split(row[0] + tf.matmul(hidden, recurrent), 4, -1)
        carry = tf.sigmoid(f) * carry + tf.sigmoid(i) * tf.tanh(g)
        return tf.sigmoid(o) * tf.tanh(carry), carry

    zeros = tf.zeros((count, units))
    return dense(p, "logits", _loop(step, [inputs], (zeros, zeros), x.shape[1])[0])


def _gru(recurrence):
    def gru(p, x):
        """Return logits behind a GRU both ways, which stands still where a step is all zeros."""
        count, seen = x.shape[0], tf.transpose(tf.reduce_any(tf.not_equal(x, 0.0), -1))[..., None]
        rows, states, cells = [], [], []
        for way in ("forward", "backward"):
            kernel, recurrent, bias = (tf.convert_to_tensor(p[f"both/{way}_gru/gru_cell/{part}"]) for part in ("kernel", "recurrent_kernel", "bias"))
            made = tf.matmul(tf.reshape(tf.transpose(x, (1, 0, 2)), (-1, x.shape[2])), kernel) + bias[0]
            made = [tf.reshape(made, (-1, count, made.shape[-1])), seen]
            rows.extend([tf.reverse(row, [0]) for row in made] if way == "backward" else made)
            states.append(tf.zeros((count, recurrent.shape[0])))
            cells.append((recurrent, bias[1]))

        def one(now, there, hidden, recurrent, bias):
            z, r, h = tf.split(now, 3, -1)
            state_z, state_r, state_h = tf.split(tf.matmul(hidden, recurrent) + bias, 3, -1)
            z, r = tf.sigmoid(z + state_z), tf.sigmoid(r + state_r)
            return tf.where(there, z * hidden + (1 - z) * tf.tanh(h + r * state_h), hidden)

        def step(row, *states):
            return tuple(one(row[2 * way], row[2 * way + 1], hidden, *cells[way]) for way, hidden in enumerate(states))

        return dense(p, "logits", tf.concat(recurrence(step, rows, states, x.shape[1]), 1))

    return gru


def _normalised(p, name, x):
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    return tf.nn.batch_normalization(x, mean, variance, p[f"{name}/beta"], p[f"{name}/gamma"], 1e-3)


def transformer(p, x):
    """Return logits behind encoders."""
    x = dense(p, "widen", x)
    split = lambda made: tf.transpose(tf.reshape(made, (*x.shape[:2], w.HEADS, w.HEAD_WIDTH)), (0, 2, 1, 3))
    for index in range(w.ENCODERS):
        query, key, value = (split(dense(p, f"attention_{index}/{name}", x)) for name in ("query", "key", "value"))
        scores = tf.nn.softmax(tf.matmul(query * w.HEAD_WIDTH**-0.5, key, transpose_b=True))
        attended = tf.reshape(tf.transpose(tf.matmul(scores, value), (0, 2, 1, 3)), x.shape)
        x = _normalised(p, f"norm_{index}_a", x + dense(p, f"attention_{index}/attention_output", attended))
        x = _normalised(p, f"norm_{index}_b", x + dense(p, f"narrow_{index}", tf.nn.gelu(dense(p, f"wide_{index}", x))))
    return dense(p, "logits", tf.reduce_mean(x, 1))


def recommender(p, *inputs):
    """Return the logit of two towers' product."""
    tower = lambda name, x: dense(p, f"{name}_out", tf.nn.relu(dense(p, f"{name}_hidden", tf.gather(p[f"{name}_table/embeddings"], x))))
    users, items = map(tower, w.TOWERS, inputs)
    return dense(p, "logits", users * items)


PLAIN = {"stack": stack, "branches": branches, "lstm": lstm, "gru": _gru(_unrolled), "transformer": transformer, "recommender": recommender}
FORWARDS = {"cnn": cnn, "residual": residual, **{name: _stateless(forward) for name, forward in PLAIN.items()}}
XLA_FORWARDS = {**FORWARDS, "lstm": _stateless(lstm_stepwise), "gru": _stateless(_gru(_loop))}

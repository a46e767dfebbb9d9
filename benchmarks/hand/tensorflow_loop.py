"""TensorFlow by hand: an epoch of steps in one tf.function compiled by XLA."""

import tensorflow as tf

from benchmarks import workload as w


def loss_of(p, xb, yb):
    logits = tf.matmul(tf.nn.relu(tf.matmul(xb, p[0]) + p[1]), p[2]) + p[3]
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(yb, logits))


def step(p, m, v, count, xb, yb, gradients_of):
    loss, g = gradients_of(p, xb, yb)
    count = count + 1
    rate = w.LEARNING_RATE * tf.sqrt(1 - w.BETA_2**count) / (1 - w.BETA_1**count)
    m = [a + (b - a) * (1 - w.BETA_1) for a, b in zip(m, g)]
    v = [a + (b * b - a) * (1 - w.BETA_2) for a, b in zip(v, g)]
    p = [a - rate * b / (tf.sqrt(c) + w.EPSILON) for a, b, c in zip(p, m, v)]
    return p, m, v, count, loss


def tape(p, xb, yb):
    with tf.GradientTape() as record:
        record.watch(p)
        loss = loss_of(p, xb, yb)
    return loss, record.gradient(loss, p)


def run(batch, epochs):
    x, y = w.data(batch)
    steps = len(x) // batch
    xs, ys = tf.constant(x.reshape(steps, batch, -1)), tf.constant(y.reshape(steps, batch))
    start = w.weights()
    held = [tf.Variable(a) for a in [*start, *(a * 0 for a in start), *(a * 0 for a in start)]] + [tf.Variable(0.0)]

    @tf.function(jit_compile=True, autograph=False)
    def whole(xs, ys):
        def body(i, _, *values):
            p, m, v, count = values[:4], values[4:8], values[8:12], values[12]
            p, m, v, count, loss = step(list(p), m, v, count, xs[i], ys[i], tape)
            return (i + 1, loss, *p, *m, *v, count)

        made = tf.while_loop(lambda i, *_: i < steps, body, (tf.constant(0), tf.constant(0.0), *(a.read_value() for a in held)))
        for variable, value in zip(held, made[2:]):
            variable.assign(value)
        return made[1]

    w.timed(lambda: whole(xs, ys).numpy(), steps, epochs)

"""A TF1 Session by hand: placeholders, one session call a step through make_callable."""

import tensorflow as tf

from benchmarks import workload as w
from benchmarks.hand.tensorflow_loop import loss_of, step

v1 = tf.compat.v1


def gradients(p, xb, yb):
    loss = loss_of(p, xb, yb)
    return loss, tf.gradients(loss, p)


def run(batch, epochs):
    x, y = w.data(batch)
    start = w.weights()
    with tf.Graph().as_default(), v1.Session() as session:
        held = [v1.Variable(a, use_resource=True) for a in [*start, *(a * 0 for a in start), *(a * 0 for a in start)]]
        count = v1.Variable(0.0, use_resource=True)
        xb, yb = v1.placeholder("float32", (batch, w.FEATURES)), v1.placeholder("int32", (batch,))
        values = [a.read_value() for a in held]
        p, m, v, counted, loss = step(values[:4], values[4:8], values[8:12], count.read_value(), xb, yb, gradients)
        with tf.control_dependencies([loss]):
            train = [a.assign(b) for a, b in zip([*held, count], [*p, *m, *v, counted])]
        session.run(v1.global_variables_initializer())
        call = session.make_callable([loss, *(a.op for a in train)], [xb, yb])

        def epoch():
            for i in range(0, len(x), batch):
                made = call(x[i : i + batch], y[i : i + batch])
            return made[0]

        w.timed(epoch, len(x) // batch, epochs)

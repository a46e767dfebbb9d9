"""Functions of functions, for eager code, tf.function and graphs alike."""

import tensorflow as tf


def value_and_grad(function, arrays):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        watched = [tf.identity(x) for x in arrays]
        tape.watch(watched)
        value, aux = function(watched)
    found = tape.gradient(value, watched, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    # a gathered array has a gradient in slices; rows hit twice must be added up before anything uses it
    return value, aux, [tf.convert_to_tensor(g) for g in found]


def cond(predicate, true_function, false_function, operands):
    made = tf.cond(predicate, lambda: true_function(operands), lambda: false_function(operands))
    return list(made)


def while_loop(condition, body, carry):
    return list(tf.while_loop(lambda *xs: condition(list(xs)), lambda *xs: body(list(xs)), list(carry)))


def scan(body, carry, xs, length):
    if tf.executing_eagerly():
        rows = []
        for index in range(length):
            carry, ys = body(list(carry), [x[index] for x in xs])
            rows.append(ys)
        return list(carry), [tf.stack(column) for column in zip(*rows)]
    return loop(body, list(carry), list(xs), length, _rows_of(body, carry, xs))


def loop(body, carry, xs, length, rows):
    """Run the rows in a loop inside the graph; `rows` stand for the outputs of one: a loop must know their dtypes and shapes."""
    count = len(carry)
    held = [tf.TensorArray(y.dtype, length, element_shape=y.shape) for y in rows]

    def step(index, *values):
        after, ys = body(list(values[:count]), [x[index] for x in xs])
        return (index + 1, *after, *(array.write(index, y) for array, y in zip(values[count:], ys)))

    start = (tf.constant(0), *carry, *held)
    made = tf.while_loop(lambda index, *_: index < length, step, start, maximum_iterations=length)
    return list(made[1 : 1 + count]), [array.stack() for array in made[1 + count :]]


def _rows_of(body, carry, xs):
    """Return what stands for the outputs of one row, traced aside."""
    specs = [[tf.TensorSpec(x.shape, x.dtype) for x in carry], [tf.TensorSpec(x.shape[1:], x.dtype) for x in xs]]
    aside = tf.function(lambda carry, row: body(carry, row)[1], autograph=False).get_concrete_function(*specs)
    return aside.structured_outputs

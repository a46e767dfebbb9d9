"""Steps with state: what training programs are made of, each as small as it can be."""

from polykeras_conformance.budgets import COMPOSED, EXACT, Budget
from polykeras_conformance.steps import Step

TRAINED = Budget(64, "largest")  # seven updates, each from gradients of some ulps
LOOSE = {"between": Budget(16, "largest"), "why": "a compiler fuses the body of a loop otherwise than one step, and so rounds otherwise"}


def counter(k):
    """Count calls, and add up what comes in."""
    count, total = k.Variable(0, dtype="int32"), k.Variable([0.0, 0.0, 0.0], trainable=False)

    def step(x):
        count.assign(count + 1)
        total.assign(total + x)
        return count.value, total.value

    return step, [count, total]


def shown_before(k):
    """Show a value from before its update, and one from after."""
    value = k.Variable([1.0, 2.0], trainable=False)

    def step(x):
        before = value.value
        value.assign(x)
        return before, value.value

    return step, [value]


def swapped(k):
    """Exchange two values: updates read what was there before any of them."""
    first, second = k.Variable([1.0, 2.0], trainable=False), k.Variable([3.0, 4.0], trainable=False)

    def step(x):
        one, two = first.value, second.value
        first.assign(two + x)
        second.assign(one)
        return one, two

    return step, [first, second]


def unused(k):
    """Read state and change none."""
    weight = k.Variable([[1.0, 2.0], [3.0, 4.0]])
    return lambda x: k.ops.matmul(x, weight), [weight]


def written_only(k):
    """Change state that it never reads."""
    last = k.Variable([0.0, 0.0], trainable=False)

    def step(x):
        last.assign(x * 2.0)
        return k.ops.sum(x)

    return step, [last]


def many_kinds(k):
    """Keep state of several dtypes."""
    kinds = [k.Variable([1], dtype=dtype, trainable=False) for dtype in ("int8", "uint8", "int64", "bool")]
    small, large, long, flag = kinds

    def step(x):
        small.assign(small + k.ops.cast(100, "int8"))
        large.assign(large + k.ops.cast(200, "uint8"))
        long.assign(long * k.ops.cast(1000003, "int64"))
        flag.assign(k.ops.logical_not(flag))
        return [x, *(kind.value for kind in kinds)]

    return step, kinds


def descent(k):
    """Fit a line by gradient descent."""
    weight, bias = k.Variable([[0.5], [-0.5]]), k.Variable([0.0])

    def step(x, y):
        loss = lambda: k.ops.mean(k.ops.square(k.ops.matmul(x, weight) + bias - y))
        value, slopes = k.value_and_grad(loss, variables=[weight, bias])()
        for variable, slope in zip((weight, bias), slopes):
            variable.assign(variable - 0.1 * slope)
        return value

    return step, [weight, bias]


def momentum(k):
    """Fit two layers, with velocities."""
    weights = [k.Variable([[0.1] * 5] * 4), k.Variable([[0.1] * 2] * 5)]
    velocities = [k.Variable(weight.numpy() * 0, trainable=False) for weight in weights]

    def step(x, y):
        loss = lambda: k.ops.mean(k.ops.square(k.ops.matmul(k.ops.tanh(k.ops.matmul(x, weights[0])), weights[1]) - y))
        value, slopes = k.value_and_grad(loss, variables=weights)()
        for weight, velocity, slope in zip(weights, velocities, slopes):
            velocity.assign(0.9 * velocity - 0.05 * slope)
            weight.assign(weight + velocity)
        return value, slopes[0]

    return step, [*weights, *velocities]


def drops(k):
    """Draw masks, two in a step, never the same again."""
    generator = k.random.SeedGenerator(5)

    def step(x):
        return k.random.dropout(x, 0.5, seed=generator), k.random.dropout(x, 0.5, seed=generator), k.random.uniform((3,), seed=generator)

    return step, [generator.state]


def layered(k, shape, *layers):
    """Return a step that trains layers on the sum of squares."""
    model = k.Sequential([k.Input(shape), *layers])

    def step(x):
        loss = lambda: k.ops.mean(k.ops.square(model(x, training=True)))
        value, slopes = k.value_and_grad(loss, variables=model.trainable_variables)()
        for variable, slope in zip(model.trainable_variables, slopes):
            variable.assign(variable - 0.1 * slope)
        return value

    return step, model.variables


def snapshots(k):
    """Train by an optimizer that may work in place; keep a weight from after each update, and show it a step later, and another at once."""
    weight, twin = k.Variable([[0.5], [-0.5]]), k.Variable([[0.25], [0.75]])
    kept = k.Variable([[0.0], [0.0]], trainable=False)
    optimizer = k.optimizers.Adam(0.125, amsgrad=True)
    optimizer.build([weight, twin])

    def step(x, y):
        earlier = kept.value
        loss = lambda: k.ops.mean(k.ops.square(k.ops.matmul(x, weight * twin) - y))
        value, slopes = k.value_and_grad(loss, variables=[weight, twin])()
        optimizer.apply(slopes, [weight, twin])
        kept.assign(weight)
        return value, earlier, twin.value

    return step, [weight, twin, kept, *optimizer.variables]


def stack(k):
    """Return layers that keep statistics and draw masks."""
    return k.layers.Dense(8, "relu"), k.layers.BatchNormalization(), k.layers.Dropout(0.5, seed=3), k.layers.Dense(2, "softmax")


def images(k):
    """Return layers for images."""
    return k.layers.Conv2D(3, 3, padding="same"), k.layers.MaxPooling2D(), k.layers.Flatten(), k.layers.Dense(2)


STEPS = [
    Step("counter", counter, (3,), eager=True, budget=Budget(4, "largest")),
    Step("shown-before", shown_before, (2,), budget=EXACT),
    Step("swapped", swapped, (2,), eager=True, budget=EXACT),
    Step("unused", unused, (3, 2), budget=Budget(4, "largest")),
    Step("written-only", written_only, (2,), eager=True, budget=Budget(1)),
    Step("many-kinds", many_kinds, (2,), eager=True, budget=EXACT),
    Step("descent", descent, (6, 2), (6, 1), budget=TRAINED, eager=True, **LOOSE),
    Step("momentum", momentum, (6, 4), (6, 2), budget=TRAINED, **LOOSE),
    Step("snapshots", snapshots, (6, 2), (6, 1), budget=TRAINED, eager=True, **LOOSE),
    Step("drops", drops, (4, 5), budget=EXACT, eager=True),
    Step("layers", lambda k: layered(k, (4,), *stack(k)), (6, 4), budget=TRAINED, **LOOSE),
    Step("convolution", lambda k: layered(k, (6, 6, 2), *images(k)), (3, 6, 6, 2), budget=TRAINED, **LOOSE),
    Step("recurrence", lambda k: layered(k, (4, 2), k.layers.GRU(3), k.layers.Dense(1)), (5, 4, 2), budget=TRAINED, **LOOSE),
]

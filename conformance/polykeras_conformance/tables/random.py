"""Cases of random draws: known answers, an independent generator, and every kind of draw."""

import numpy as np

from polykeras.ops.dispatch import OPS
from polykeras.random import dropout
from polykeras.random.draws import bernoulli, categorical, normal, randint, shuffle, truncated_normal, uniform
from polykeras_conformance.budgets import COMPOSED, EXACT, Budget
from polykeras_conformance.cases import Case, numbers, thinned

# Random123's kat_vectors of threefry2x32 with 20 rounds: counter, key, result
KNOWN = {
    "zeros": ("00000000 00000000", "00000000 00000000", "6b200159 99ba4efe"),
    "ones": ("ffffffff ffffffff", "ffffffff ffffffff", "1cb996fc bb002be7"),
    "pi": ("243f6a88 85a308d3", "13198a2e 03707344", "c4923a9c 483df7a0"),
}
TURNS = (13, 15, 26, 6, 17, 29, 16, 24)


def words(text):
    """Return hexadecimal words of 32 bits as uint32."""
    return np.array([int(word, 16) for word in text.split()], "uint32")


def independent(key, count):
    """Return so many random words, as uint32: Threefry written once more, in the paper's own arithmetic."""
    k = [np.uint32(key[0]), np.uint32(key[1]), np.uint32(key[0]) ^ np.uint32(key[1]) ^ np.uint32(0x1BD11BDA)]
    places = np.arange((count + 1) // 2, dtype="uint32")
    x, y = np.zeros_like(places) + k[0], places + k[1]
    for turn in range(20):
        x = x + y
        y = (y << np.uint32(TURNS[turn % 8])) | (y >> np.uint32(32 - TURNS[turn % 8]))
        y = y ^ x
        if turn % 4 == 3:
            group = turn // 4 + 1
            x, y = x + k[group % 3], y + k[(group + 1) % 3] + np.uint32(group)
    return np.concatenate([x, y])[:count]


PI = words("13198a2e 03707344")
BITS = independent(PI, 1001)
DOUBLE = independent(PI, 400)
# label: (op, arguments behind the key, what the independent generator says)
FROM_BITS = {
    **{f"bits-{count}": ("random_bits", (count,), independent(PI, count).view("int32")) for count in (0, 1, 2, 3, 1000)},
    "uniform-float32": ("_uniform", ((7, 143), 0.0, 1.0, "float32"), ((BITS >> 8) * 2.0**-24).astype("float32").reshape(7, 143)),
    "uniform-float64": ("_uniform", ((200,), 0.0, 1.0, "float64"), ((DOUBLE[:200] >> 5) * 2.0**26 + (DOUBLE[200:] >> 6)) * 2.0**-53),
    "uniform-float16": ("_uniform", ((1001,), 0.0, 1.0, "float16"), ((BITS >> 8) * 2.0**-24).astype("float32").astype("float16")),
    "mask-half": ("random_mask", ((1001,), 0.5), BITS < 2**31),
    "mask-tenth": ("random_mask", ((1001,), 0.1), BITS < round(0.1 * 2**32)),
    "mask-never": ("random_mask", ((1001,), 0.0), BITS < 0),
    "mask-always": ("random_mask", ((1001,), 1.0), BITS <= 2**32),
    "bernoulli": ("_bernoulli", ((1001,), 0.3, "float32"), (BITS < round(0.3 * 2**32)).astype("float32")),
    "randint": ("_randint", ((1001,), -3, 8, "int32"), (((BITS >> 1).astype("int64") * 11 >> 31) - 3).astype("int32")),
}

# label: (function, budget): public draws with fixed seeds; those of bits are exact, those through logarithms are rounded
SEEDED = {
    "uniform-range": (lambda: uniform((33,), -4.0, 4.0, "float32", seed=3), EXACT),
    "uniform-odd-range": (lambda: uniform((333,), -0.3, 0.7, "float32", seed=3), Budget(1, "largest")),  # a compiler may round once for * and +
    "uniform-bfloat16": (lambda: uniform((40,), dtype="bfloat16", seed=2), EXACT),
    "uniform-scalar": (lambda: uniform((), seed=2**40 + 5, dtype="float32"), EXACT),
    "uniform-none": (lambda: uniform((0, 3), seed=1, dtype="float32"), EXACT),
    "uniform-negative-seed": (lambda: uniform((5,), seed=-7, dtype="float32"), EXACT),
    "normal": (lambda: normal((7, 11), dtype="float32", seed=4), COMPOSED),
    "normal-scaled": (lambda: normal((33,), 2.0, 0.5, "float32", seed=4), COMPOSED),
    "normal-double": (lambda: normal((3, 7), dtype="float64", seed=5), COMPOSED),
    "truncated": (lambda: truncated_normal((40, 10), dtype="float32", seed=6), COMPOSED),
    "truncated-double": (lambda: truncated_normal((40, 10), 1.0, 2.0, "float64", seed=6), COMPOSED),
    "randint-all": (lambda: randint((200,), -(2**31), 0, "int64", seed=7), EXACT),
    "randint-one": (lambda: randint((9,), 3, 4, "int8", seed=8), EXACT),
}

X, LOGITS = numbers("x", (20, 30)), numbers("logits", (5, 7))
# label: (function, its array); all exact
OF_ARRAYS = {
    "dropout-half": (lambda x: dropout(x, 0.5, seed=11), X),
    "dropout-tenth": (lambda x: dropout(x, 0.1, seed=11), X),
    "dropout-none": (lambda x: dropout(x, 0.0, seed=11), X),
    "dropout-shared": (lambda x: dropout(x, 0.5, (None, 1), seed=11), X),
    "dropout-double": (lambda x: dropout(x, 0.3, seed=11), X.astype("float64")),
    "categorical": (lambda x: categorical(x, 40, seed=12), LOGITS),
    "categorical-double": (lambda x: categorical(x, 40, "int64", seed=12), LOGITS.astype("float64")),
    "shuffle-rows": (lambda x: shuffle(x, seed=13), X),
    "shuffle-columns": (lambda x: shuffle(x, 1, seed=13), X),
}


def cases():
    """Yield every case of a draw."""
    for label, row in KNOWN.items():
        counter, key, result = (words(text).view("int32") for text in row)
        for count in (1, 9):
            arrays = [key, *(np.repeat(word, count) for word in counter)]
            yield Case(f"threefry-{label}-{count}", "keyed", OPS["threefry"], arrays, expected=[np.repeat(word, count) for word in result])
    for label, (name, args, expected) in FROM_BITS.items():
        function = lambda key, name=name, args=args: OPS[name](key, *args)
        yield Case(label, "keyed", function, [PI.view("int32")], expected=[expected], needs={expected.dtype.name})
    for label, (function, budget) in SEEDED.items():
        yield Case(label, "seeded", lambda _, function=function: function(), [np.zeros((), "float32")], budget, needs=("bfloat16",) if "bfloat16" in label else ())
    for label, (function, x) in OF_ARRAYS.items():
        yield Case(label, "arrays", function, [x])


CASES = thinned(list(cases()))
COUNT = 40000
# label: (function, mean, variance) of COUNT independent numbers
MOMENTS = {
    "uniform": (lambda: uniform((COUNT,), dtype="float32", seed=21), 1 / 2, 1 / 12),
    "uniform-range": (lambda: uniform((COUNT,), -2.0, 4.0, dtype="float64", seed=22), 1, 3),
    "normal": (lambda: normal((COUNT,), dtype="float32", seed=23), 0, 1),
    "normal-scaled": (lambda: normal((COUNT,), 5.0, 3.0, dtype="float64", seed=24), 5, 9),
    "truncated": (lambda: truncated_normal((COUNT,), dtype="float32", seed=25), 0, 0.7737413035499233),
    "bernoulli": (lambda: bernoulli((COUNT,), 0.3, "float32", seed=26), 0.3, 0.21),
    "randint": (lambda: randint((COUNT,), 0, 10, seed=27), 4.5, 8.25),
    "dropout": (lambda: dropout(np.ones(COUNT, "float32"), 0.25, seed=28), 1, 1 / 3),
}
SOFT = np.exp(LOGITS[0]) / np.exp(LOGITS[0]).sum()
# label: (function that gives classes 0 to n - 1, their probabilities)
SHARES = {
    "uniform": (lambda: np.floor(uniform((COUNT,), dtype="float32", seed=31) * 16), np.full(16, 1 / 16)),
    "randint": (lambda: randint((COUNT,), 0, 10, seed=32), np.full(10, 1 / 10)),
    "randint-uneven": (lambda: randint((COUNT,), 0, 7, seed=33), np.full(7, 1 / 7)),
    "last-bits": (lambda: OPS["random_bits"](PI.view("int32"), COUNT) & 15, np.full(16, 1 / 16)),
    "categorical": (lambda: categorical(LOGITS[:1], COUNT, seed=34), SOFT),
    "normal-quarters": (lambda: np.digitize(normal((COUNT,), dtype="float64", seed=35), [-0.6744897501960817, 0, 0.6744897501960817]), np.full(4, 1 / 4)),
}

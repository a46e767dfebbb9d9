"""Threefry-2x32 with 20 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").

Words are int32 with the bits of the uint32 of the paper: addition wraps alike, and every backend has
int32. The op `threefry` is the composition; backends may register faster ones, bit for bit the same.
"""

from polykeras.ops.dispatch import op, p
from polykeras.sizes import is_static

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA


def _rotated(x, count):
    left = p.left_shift(x, p.full((), count, "int32"))
    kept = p.bitwise_and(p.right_shift(x, p.full((), 32 - count, "int32")), p.full((), 2**count - 1, "int32"))
    return p.bitwise_or(left, kept)


@op("key first second")
def threefry(key, first, second):
    """Return the two words that each counter (first, second) gives under a key.

    Args:
        key: (2,) int32.
        first, second: (n,) int32.

    Returns:
        Two (n,) int32 arrays.
    """
    keys = [p.reshape(p.slice(key, (index,), (index + 1,), (1,)), ()) for index in (0, 1)]
    keys.append(p.bitwise_xor(p.bitwise_xor(keys[0], keys[1]), p.full((), PARITY, "int32")))
    x, y = p.add(first, keys[0]), p.add(second, keys[1])
    for group in range(5):
        for count in ROTATIONS[group % 2]:
            x = p.add(x, y)
            y = p.bitwise_xor(_rotated(y, count), x)
        x = p.add(x, keys[(group + 1) % 3])
        y = p.add(y, p.add(keys[(group + 2) % 3], p.full((), group + 1, "int32")))
    return x, y


@op("key")
def random_bits(key, count):
    """Return `count` words of 32 random bits, as (count,) int32: the words x of the counters, then the words y."""
    half = (count + 1) // 2
    places = p.arange(half, "int32")
    words = p.concatenate(list(threefry(key, p.full((half,), 0, "int32"), places)), 0)
    return words if is_static(count) and count % 2 == 0 else p.slice(words, (0,), (count,), (1,))

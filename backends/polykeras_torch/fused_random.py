"""Threefry-2x32 in PyTorch: small counts through NumPy, whose calls cost less and which has unsigned words; large ones in place."""

import numpy as np
import torch

from polykeras.contract import Fused

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))  # Salmon et al. 2011
PARITY = 0x1BD11BDA
BLOCK, SMALL = 8192, 65536  # words: what stays in the cache, and up to where NumPy is faster


def _on_host(key, first, second):
    low, high = (np.uint32(word & 0xFFFFFFFF) for word in key.tolist())
    keys = (low, high, low ^ high ^ np.uint32(PARITY))
    x, y = first.numpy().view(np.uint32) + low, second.numpy().view(np.uint32) + high
    room = np.empty(min(BLOCK, x.size), np.uint32)
    for start in range(0, x.size, BLOCK):
        _mixed(x[start : start + BLOCK], y[start : start + BLOCK], room, keys)
    return torch.from_numpy(x.view(np.int32)), torch.from_numpy(y.view(np.int32))


def _mixed(x, y, room, keys):
    """Run the rounds on one block, in place."""
    room = room[: x.size]
    for group in range(5):
        for count in ROTATIONS[group % 2]:
            np.add(x, y, out=x)
            np.left_shift(y, count, out=room)
            np.right_shift(y, 32 - count, out=y)
            np.bitwise_or(y, room, out=y)
            np.bitwise_xor(y, x, out=y)
        np.add(x, keys[(group + 1) % 3], out=x)
        np.add(y, keys[(group + 2) % 3], out=y)
        np.add(y, np.uint32(group + 1), out=y)


def _in_torch(key, first, second):
    keys = [key[0], key[1], key[0] ^ key[1] ^ PARITY]
    x, y = first + keys[0], second + keys[1]
    for group in range(5):
        for count in ROTATIONS[group % 2]:
            x.add_(y)
            left = y << count
            y.bitwise_right_shift_(32 - count).bitwise_and_((1 << count) - 1).bitwise_or_(left).bitwise_xor_(x)
        x.add_(keys[(group + 1) % 3])
        y.add_(keys[(group + 2) % 3] + (group + 1))
    return x, y


def _threefry(key, first, second):
    on_host = first.device.type == "cpu" and first.numel() <= SMALL and not torch.compiler.is_compiling()
    return (_on_host if on_host else _in_torch)(key, first, second)


fused = {"threefry": Fused(_threefry)}

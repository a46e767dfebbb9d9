"""Mutants that fuse an op into another formula: normalizations, activations, losses, recurrences, attention, draws."""

import numpy as np

from polykeras.ops.dispatch import OPS
from tests.mutants.row import given, instead, mutant, number, of_op, plus, shortened, times


def outside_root(b, variance, epsilon):
    """Return what must be given as variance so that sqrt(it + epsilon) is sqrt(variance) + epsilon."""
    root = plus(b, b.sqrt(variance), epsilon)
    return plus(b, b.multiply(root, root), -epsilon)


def one_pass(b, made, x, axes, keep, *_):
    """moments, whose variance is E[x**2] - E[x]**2."""
    x = OPS["cast"](x, b.dtype(made[0]))
    mean, squares = (OPS["mean"](y, axes, keep) for y in (x, b.multiply(x, x)))
    return made[0], b.subtract(squares, b.multiply(mean, mean))


def swapped(b, x, order):
    """Return an array whose last axis is made of equal blocks, the blocks in another order."""
    blocks = OPS["split"](x, len(order), -1)
    return b.concatenate([blocks[place] for place in order], len(b.shape(x)) - 1)


def gates(order, *places):
    """Return a change of arguments: the blocks of gates in some of them, in another order."""
    return lambda b, *args: tuple(swapped(b, x, order) if place in places and x is not None else x for place, x in enumerate(args))


def forgetting(b, x, h, c, w, r, bias, *rest):
    """lstm, to whose forget gate 1 is added."""
    units = b.shape(h)[-1]
    if bias is None:
        return x, h, c, w, r, bias, *rest
    return x, h, c, w, r, b.add(bias, b.cast(b.from_numpy(np.repeat([0, 1, 0, 0], units).astype("float32"), None), b.dtype(bias))), *rest


def unmasked(place, last=False):
    """Return a change of arguments: the mask at a place left out, or at the last step only."""

    def change(b, *args):
        if args[place] is None:
            return args
        shown = b.to_numpy(b.stop_gradient(args[place])).copy()
        shown[:, -1 if last else slice(None)] = True
        return *args[:place], b.from_numpy(shown, None), *args[place + 1 :]

    return change


def counting_padding(b, made, x, pool_size, strides, padding, *rest):
    """average_pool of one axis, which divides by the window's size everywhere."""
    if padding != "same" or len(b.shape(x)) != 3:
        return made
    total = b.pool(x, "sum", (pool_size,), (strides,), "same")
    return times(b, total, 1 / pool_size)


def clamped(b, x, indices, axis):
    """take, whose places out of range are the ends."""
    size = int(np.prod(b.shape(x))) if axis is None else b.shape(x)[axis]
    low, high = number(b, -size, indices), number(b, size - 1, indices)
    return x, b.maximum(b.minimum(indices, high), low), axis


def through_sigmoid(b, target, output, from_logits):
    """binary_crossentropy, whose logits pass through sigmoid and are clipped."""
    return target, b.sigmoid(output) if from_logits else output, False


def recovered(b, target, output, from_logits):
    """binary_crossentropy, which makes logits of probabilities rather than clip them."""
    return target, output if from_logits else b.log(b.divide(output, b.subtract(number(b, 1, output), output))), True


def root_first(b, x, scale, axis, epsilon):
    """rms_normalization, with epsilon outside the root."""
    size = plus(b, b.sqrt(OPS["mean"](b.multiply(x, x), axis, True)), 1e-6 if epsilon is None else epsilon)
    made = b.divide(x, size)
    return made if scale is None else b.multiply(made, scale)


def last_ties(b, x, k, *rest):
    """top_k, whose ties come last first."""
    axis, size = len(b.shape(x)) - 1, b.shape(x)[-1]
    values, places = OPS["top_k"].composition(b.flip(x, (axis,)), k, *rest)
    return values, b.subtract(number(b, size - 1, places), places)


def late_scale(b, made, q, k, v, *rest):
    """dot_product_attention of logits that are not scaled."""
    return OPS["dot_product_attention"].composition(times(b, q, b.shape(q)[-1] ** 0.5), k, v, *rest)


def fused(name, lane, *cases, change):
    """Return the row of one fused op."""
    return mutant(lane, *cases, fused={name: change})


LAYERS = {
    "any-is-always": fused("any", "fused", "any-rows", change=of_op(lambda b, made, *_: b.full(b.shape(made), True, "bool"))),
    "all-is-never": fused("all", "fused", "all-rows", change=of_op(lambda b, made, *_: b.full(b.shape(made), False, "bool"))),
    "mean-is-sum": fused("mean", "fused", "mean-every", change=of_op(lambda b, made, x, *_: times(b, made, 2))),
    "variance-unbiased": fused("var", "fused", "var-last", change=of_op(lambda b, made, *_: times(b, made, 1.25))),
    "moments-unbiased": fused("moments", "layers", "BatchNormalization-plain-training", change=of_op(lambda b, made, *_: (made[0], times(b, made[1], 6 / 5)))),
    "moments-in-one-pass": fused("moments", "fused", "moments-far", change=of_op(one_pass)),
    "moments-detached-mean": fused("moments", "layers", "BatchNormalization-plain-training", change=of_op(lambda b, made, *_: (b.stop_gradient(made[0]), made[1]))),
    "batch-norm-detached-mean": fused("batch_normalization", "fused", "gradient-batch_normalization-plain", change=given(lambda b, x, mean, *rest: (x, b.stop_gradient(mean), *rest))),
    "batch-norm-epsilon-outside": fused("batch_normalization", "fused", "batch_normalization-plain", change=given(lambda b, x, m, v, axis, offset, scale, epsilon: (x, m, outside_root(b, v, epsilon), axis, offset, scale, epsilon))),
    "batch-norm-torch-epsilon": fused("batch_normalization", "layers", "BatchNormalization-plain-inference", change=given(lambda b, *args: (*args[:-1], 1e-5))),
    "batch-norm-off-a-thousandth": fused("batch_normalization", "layers", "BatchNormalization-plain", change=of_op(lambda b, made, *_: times(b, made, 1.001))),
    "layer-norm-epsilon": fused("layer_normalization", "fused", "layer_normalization", change=given(lambda b, x, scale, offset, axis, epsilon: (x, scale, offset, axis, 1e-4 if epsilon is None else epsilon / 10))),
    "layer-norm-last-axis-only": fused("layer_normalization", "layers", "LayerNormalization-middle", change=of_op(lambda b, made, x, *_: OPS["layer_normalization"].composition(x))),
    "rms-norm-epsilon-outside": fused("rms_normalization", "fused", "rms_normalization-epsilon", change=instead(root_first)),
    "fused-without-gradient": fused("softmax", "fused", "gradient-softmax", change=of_op(lambda b, made, *_: b.stop_gradient(made))),
    "softmax-last-axis-only": fused("softmax", "fused", "softmax-first", change=given(lambda b, x, axis: (x, -1))),
    "softmax-overflows": fused("softmax", "fused", "softmax-large", change=of_op(lambda b, made, x, axis: b.divide(b.exp(x), OPS["sum"](b.exp(x), axis, True)))),
    "log-softmax-underflows": fused("log_softmax", "fused", "log_softmax-large", change=of_op(lambda b, made, x, axis: b.log(OPS["softmax"].composition(x, axis)))),
    "logsumexp-overflows": fused("logsumexp", "fused", "logsumexp-large", change=instead(lambda b, x, axis, keep: b.log(OPS["sum"](b.exp(x), axis, keep)))),
    "gelu-exact-for-tanh": fused("gelu", "fused", "gelu-many", change=given(lambda b, x, approximate: (x, False))),
    "leaky-relu-slope-at-zero": fused("leaky_relu", "gradients", "leaky-slope", change=instead(lambda b, x, slope: b.where(b.less(x, number(b, 0, x)), times(b, x, slope), x))),
    "softplus-overflows": fused("softplus", "ops", "softplus-edges", change=instead(lambda b, x: b.log(plus(b, b.exp(OPS["cast"](x, "float32")), 1)))),
    "average-pool-counts-padding": fused("average_pool", "fused", "average_pool-excludes-padding", change=of_op(counting_padding)),
    "conv-drops-bits": fused("conv", "layers", "Conv2D-plain", change=given(lambda b, x, kernel, *rest: (shortened(b, x, 13), shortened(b, kernel, 13), *rest))),
    "fused-never-serves": mutant("fused", "test_entry", fused={"softmax": of_op(lambda b, made, *_: made)}, when=lambda *args: False),
    "fused-no-op": mutant("fused", "test_entry", fused={"softmacks": of_op(lambda b, made, *_: made)}),
}  # fmt: skip

SEQUENCES = {
    "gru-gate-order": fused("gru", "fused", "gru-plain", change=given(gates((1, 0, 2), 2, 3, 4))),
    "gru-torch-gate-order": fused("gru", "layers", "GRU-plain", change=given(gates((2, 0, 1), 2, 3, 4))),
    "lstm-gate-order": fused("lstm", "layers", "LSTM-plain", change=given(gates((0, 2, 1, 3), 3, 4, 5))),
    "lstm-forget-bias-twice": fused("lstm", "fused", "lstm-plain", change=given(forgetting)),
    "lstm-mask-ignored-at-the-end": fused("lstm", "layers", "LSTM-last-state", change=given(unmasked(6, last=True))),
    "gru-mask-ignored": fused("gru", "layers", "GRU-backwards-mask", change=given(unmasked(5))),
    "rnn-forward-only": fused("simple_rnn", "layers", "SimpleRNN-backwards", change=given(lambda b, *args: (*args[:-2], False, args[-1]))),
    "rnn-last-output-for-zeros": fused("simple_rnn", "layers", "SimpleRNN-zeros", change=given(lambda b, *args: (*args[:-1], False))),
    "lstm-outputs-turned": fused("lstm", "fused", "lstm-backwards", change=of_op(lambda b, made, *args: (b.flip(made[0], (1,)) if args[-2] else made[0], *made[1:]))),
    "attention-unscaled": fused("dot_product_attention", "fused", "dot_product_attention-plain", change=of_op(late_scale)),
    "attention-mask-ignored": fused("dot_product_attention", "layers", "MultiHeadAttention-masks", change=given(lambda b, q, k, v, bias, mask, *rest: (q, k, v, bias, None, *rest))),
    "attention-not-causal": fused("dot_product_attention", "fused", "dot_product_attention-causal", change=given(lambda b, *args: (*args[:6], False, *args[7:]))),
}  # fmt: skip

PLACES = {
    "take-clamps": fused("take", "fused", "take-out-of-range", change=given(clamped)),
    "one-hot-clamps": fused("one_hot", "fused", "one_hot-x", change=given(lambda b, x, n, *rest: (b.minimum(x, number(b, n - 1, x)), n, *rest))),
    "top-k-rising": fused("top_k", "fused", "top_k-x", change=of_op(lambda b, made, x, *_: tuple(b.flip(part, (len(b.shape(x)) - 1,)) for part in made))),
    "top-k-last-ties": fused("top_k", "fused", "top_k-ties", change=instead(last_ties)),
    "segment-sum-keeps-strangers": fused("segment_sum", "fused", "segment_sum-x", change=given(lambda b, x, places, count, *rest: (x, b.maximum(b.minimum(places, number(b, count - 1, places)), number(b, 0, places)), count, *rest))),
    "embedding-repeats-lost": fused("take", "layers", "Embedding-plain", change=of_op(lambda b, made, *_: b.stop_gradient(made))),
}  # fmt: skip

LOSSES = {
    "crossentropy-through-sigmoid": fused("binary_crossentropy", "fused", "binary_crossentropy-far-logits", change=given(through_sigmoid)),
    "crossentropy-hundred-thousandth": fused("binary_crossentropy", "losses_metrics", "BinaryCrossentropy-bits", change=of_op(lambda b, made, target, output, from_logits: times(b, made, 1 + 1e-5))),
    "crossentropy-recovers-logits": fused("binary_crossentropy", "fused", "binary_crossentropy-edges", change=given(recovered)),
    "crossentropy-not-normalised": fused("categorical_crossentropy", "fused", "categorical_crossentropy-unnormalised", change=instead(lambda b, t, y, logits, axis: b.negative(OPS["sum"](b.multiply(t, b.log(y)), axis)))),
    "labels-out-of-range-clamped": fused("sparse_categorical_crossentropy", "fused", "sparse_categorical_crossentropy-out-of-range", change=given(lambda b, t, y, *rest: (b.maximum(b.minimum(t, number(b, b.shape(y)[-1] - 1, t)), number(b, 0, t)), y, *rest))),
    "loss-summed": fused("mean", "losses_metrics", "MeanSquaredError-numbers", change=of_op(lambda b, made, x, axis, *_: OPS["sum"](x, axis))),
}  # fmt: skip

DRAWS = {
    "threefry-one-bit": fused("threefry", "random", "threefry-pi", "bits-1000", change=of_op(lambda b, made, *_: (made[0], b.bitwise_xor(made[1], b.full((), 1, "int32"))))),
    "threefry-words-swapped": fused("threefry", "fused", "threefry-many", change=of_op(lambda b, made, *_: made[::-1])),
    "bits-interleaved": fused("random_bits", "random", "bits-1000", change=of_op(lambda b, made, key, count: np.stack([made[: count // 2], made[count // 2 :]], 1).reshape(-1) if count % 2 == 0 else made)),
    "uniform-closed": fused("_uniform", "random", "uniform-range", change=of_op(lambda b, made, *_: times(b, made, 1 + 2.0**-20))),
    "normal-mirrored": fused("_normal", "random", "normal", change=of_op(lambda b, made, key, shape, mean, *_: b.subtract(number(b, 2 * mean, made), made))),
    "dropout-not-scaled": fused("_dropout", "layers", "Dropout-half", change=of_op(lambda b, made, x, key, rate, *_: times(b, made, 1 - rate))),
    "dropout-rate-kept": fused("_dropout", "random", "dropout-tenth", change=given(lambda b, x, key, rate, shape: (x, key, 1 - rate, shape))),
    "dropout-mask-shared": fused("_dropout", "fused", "_dropout-0.5", change=given(lambda b, x, key, rate, shape: (x, key, rate, (1, *b.shape(x)[1:])))),
    "shuffle-by-one-key": fused("_shuffled", "random", "shuffle-rows", change=given(lambda b, x, key, *rest: (x, b.multiply(key, b.full((), 0, "int32")), *rest))),
}  # fmt: skip

MUTANTS = {**LAYERS, **SEQUENCES, **PLACES, **LOSSES, **DRAWS}

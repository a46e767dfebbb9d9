"""Faster versions of ops in TensorFlow, each with the composition's values and gradients."""

fused = {}

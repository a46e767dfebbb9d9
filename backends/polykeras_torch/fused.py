"""Faster versions of ops in PyTorch, each with the composition's values and gradients."""

fused = {}

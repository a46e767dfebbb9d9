"""Benchmarks: polykeras beside Keras 3 and beside loops written by hand, in one run. See docs/benchmarks.md."""

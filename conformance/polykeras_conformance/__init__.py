"""Conformance: a suite that any backend author installs and runs with `pytest --pyargs polykeras_conformance`.

The oracle is the NumPy reference, so no framework but the one under test is needed. Each lane is a
table of cases and a check; the tolerances belong to the suite (budgets.py), never to a backend.
"""

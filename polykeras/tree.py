"""Nested lists, tuples and dicts: taken apart and put together with optree; None counts as nothing."""

import optree

_OPTIONS = {"none_is_leaf": False, "namespace": "polykeras"}


def flatten(tree):
    """Return the leaves and the structure.

    >>> flatten({"a": 1, "b": [2, None]})[0]
    [1, 2]
    """
    return optree.tree_flatten(tree, **_OPTIONS)


def leaves(tree):
    """Return the leaves in order, dicts by sorted key."""
    return optree.tree_leaves(tree, **_OPTIONS)


def unflatten(structure, leaves):
    """Return the tree of this structure with these leaves."""
    return optree.tree_unflatten(structure, leaves)


def map_structure(function, tree, *others):
    """Return the tree of function(leaf, ...) over trees of one structure."""
    return optree.tree_map(function, tree, *others, **_OPTIONS)


def structure(tree):
    """Return the structure alone."""
    return optree.tree_structure(tree, **_OPTIONS)

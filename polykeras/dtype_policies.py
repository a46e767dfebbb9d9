"""Dtype policies: in which dtype a layer computes, and in which it keeps its weights."""

from polykeras import config, dtypes

_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
_global = {"policy": None}


class DTypePolicy:
    """What a layer computes in and keeps its weights in.

    Args:
        name: a dtype for both, or "mixed_float16" or "mixed_bfloat16": computing in 16 bits, weights
            in float32.

    >>> policy = DTypePolicy("mixed_float16")
    >>> policy.compute_dtype, policy.variable_dtype
    ('float16', 'float32')
    """

    def __init__(self, name=None):
        name = name or config.floatx()
        if name in _MIXED:
            self.compute_dtype, self.variable_dtype = _MIXED[name], "float32"
        else:
            self.compute_dtype = self.variable_dtype = name = dtypes.standardize(name)
        self.name = name

    def __repr__(self):
        return f'<DTypePolicy "{self.name}">'

    def __eq__(self, other):
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self):
        return hash(self.name)

    def get_config(self):
        """Return what makes it anew."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config):
        """Return one made anew."""
        return cls(**config)


FloatDTypePolicy = Policy = DTypePolicy


def get(identifier):
    """Return a policy given as one, its name, its config, or None for the global one."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return DTypePolicy.from_config(identifier.get("config", identifier))
    return DTypePolicy(identifier)


def dtype_policy():
    """Return the policy of layers that are given none: the default float, unless set."""
    return _global["policy"] or DTypePolicy(config.floatx())


def set_dtype_policy(policy):
    """Set the policy of layers that are given none; None goes back to the default float."""
    _global["policy"] = None if policy is None else get(policy)

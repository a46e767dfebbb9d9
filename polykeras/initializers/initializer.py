"""The base of initializers."""


class Initializer:
    """A callable (shape, dtype) -> value; a Variable calls it once, on the host."""

    def __call__(self, shape, dtype=None):
        """Return an array of the shape and dtype."""
        raise NotImplementedError(f"{type(self).__name__} has no __call__(self, shape, dtype=None). Write one.")

    def get_config(self):
        """Return what makes it anew."""
        return {}

    @classmethod
    def from_config(cls, config):
        """Return one made anew."""
        return cls(**config)

    def clone(self):
        """Return another like it."""
        return type(self).from_config(self.get_config())

"""One Keras API, any backend, the same training numbers. `import polykeras as keras` is a supported way to write."""

from polykeras import ops
from polykeras.execute import run

__version__ = "0.1.0"

"""A model's programs: recorded once for each kind and shape of batch, compiled for where the state lives."""

from polykeras import contract, devices, execute, state, tree
from polykeras.plugins import registry
from polykeras.spec import Spec

MAX_CHUNK_STEPS = 256
MAX_CHUNK_BYTES = 64 * 2**20
MAX_CHUNK_WORK = 2**32  # about a second on two cores: what Ctrl-C and the progress bar wait for


def specs_of(data):
    """Return the Specs of a tree of NumPy arrays."""
    return tree.map_structure(lambda leaf: Spec(leaf.shape, leaf.dtype.name), data)


class Programs:
    """The recordings and programs of one model on one backend.

    Args:
        model: whose steps they are.
    """

    def __init__(self, model):
        self.model = model
        self.recordings, self.compiled = {}, {}
        self.home, self.trained = None, ()

    def look(self):
        """See which Variables the model trains; what is recorded holds for these. It walks the whole model, so it is not for each step."""
        self.trained = tuple(id(variable) for variable in self.model.trainable_variables)

    def recording(self, kind, function, specs):
        """Return the Recording of function(model, data) for batches of these shapes."""
        model = self.model
        leaves, structure = tree.flatten(specs)
        shapes = tuple((leaf.sizes, leaf.dtype) for leaf in leaves)
        key = (kind, structure, shapes, model.backend, self.trained)
        if key not in self.recordings:
            backend = registry.load(model.backend)
            for leaf in leaves:
                execute.require_dtype(leaf.dtype, backend)
            made = execute.record(lambda data: function(model, data), (specs,), backend)
            self.look()
            if key[-1] != self.trained:  # layers were built meanwhile: the step did not train them yet
                made = execute.record(lambda data: function(model, data), (specs,), backend)
            self.recordings[*key[:-1], self.trained] = made
            return made
        return self.recordings[key]

    def program(self, recording, steps=None):
        """Return the program of a Recording, compiled for where its Variables live now."""
        home = state.settle(recording.variables, registry.load(self.model.backend), self.model.device or devices.current())
        if home is not self.home:
            self.home, self.compiled = home, {}
        key = (id(recording), steps)
        if key not in self.compiled:
            self.compiled[key] = recording.compile(home, steps, contract.Options(jit=self.model.jit_compile))
        return self.compiled[key]

    def run(self, recording, chunk):
        """Run a chunk of batches; return the flat outputs, with a leading axis if the chunk is stacked."""
        return self.program(recording, chunk.count if chunk.stacked else None).run(tree.leaves(chunk.data))

    def variables(self):
        """Return every Variable that a recorded step uses."""
        found = {}
        for recording in self.recordings.values():
            found.update((variable.key, variable) for variable in recording.variables)
        return list(found.values())

    def forget(self):
        """Drop everything: what is recorded no longer holds."""
        self.recordings.clear()
        self.compiled.clear()


def chunk_size(wanted, full_steps, batch_bytes, work, watched):
    """Return how many batches to run at a time: a rule on counts and bytes, never a timing.

    Args:
        wanted: steps_per_execution: "auto" or a number.
        full_steps: number of full batches an epoch, or None where unknown.
        batch_bytes: size of a batch.
        work: about how many numbers a step makes, Trace.work.
        watched: whether a callback wants to see each batch.

    >>> chunk_size("auto", 312, 100_000, 10**6, False), chunk_size("auto", 312, 100_000, 10**6, True)
    (156, 1)
    """
    if wanted != "auto":
        return wanted
    most = max(1, min(MAX_CHUNK_STEPS, MAX_CHUNK_BYTES // max(batch_bytes, 1), MAX_CHUNK_WORK // max(work, 1)))
    if watched or most == 1:
        return 1
    if full_steps is None:
        return min(32, most)
    most = min(most, max(full_steps, 1))
    least = max(1, most // 2)  # the fewest steps left over, then the longest chunk
    return min(range(least, most + 1), key=lambda size: (full_steps % size, -size))

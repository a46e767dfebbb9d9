"""State and programs in PyTorch: tensors on one device, a step called batch after batch."""

import contextlib

import ml_dtypes
import numpy as np
import torch

from polykeras_torch.precision import whole_products


def find_device(name):
    """Return the device of a name such as 'gpu:0'; the default one for None."""
    if name is None:
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    return torch.device(name.replace("gpu", "cuda") if name.startswith("gpu") else "cpu")


def device_name(device):
    """Return the name of a device."""
    return f"{'gpu' if device.type == 'cuda' else device.type}:{device.index or 0}"


def to_tensor(value, device):
    """Return a NumPy array as a tensor with memory of its own."""
    value = np.asarray(value)
    if value.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(np.array(value.view(np.int16))).view(torch.bfloat16).to(device)
    return torch.from_numpy(np.array(value)).to(device)


def to_array(x):
    """Return a tensor as a NumPy array with memory of its own."""
    x = x.detach().cpu()
    if x.dtype == torch.bfloat16:
        return np.array(x.contiguous().view(torch.int16).numpy()).view(ml_dtypes.bfloat16)
    return np.array(x.numpy())


class Store:
    """Tensors by name, on one device."""

    def __init__(self, values, device):
        self.place = find_device(device)
        self.device = device_name(self.place)
        self.values = {}
        self.add(values)

    def names(self):
        return set(self.values)

    def add(self, values):
        self.values.update({name: to_tensor(value, self.place) for name, value in values.items()})

    def remove(self, names):
        for name in names:
            del self.values[name]

    def read(self, names):
        return {name: to_array(self.values[name]) for name in names}

    write = add

    def get(self, name):
        return self.values[name].clone()  # a later step may write over the original

    def put(self, name, value):
        self.values[name] = value.detach().to(self.place, copy=True)

    def native(self):
        return {"variables": dict(self.values)}

    def close(self):
        self.values.clear()


@contextlib.contextmanager
def running_on(place):
    """Make a device the place of new tensors, with whole products; nothing outlasts the block."""
    with torch.no_grad(), whole_products, torch.device(place) if place.type == "cuda" else contextlib.nullcontext():
        yield


class Program:
    """A step, called for each batch of a chunk; the framework's compiler only on request."""

    def __init__(self, make, borrowed, store, steps, options):
        self.store, self.steps, (self.shared_updates, self.shared_outputs) = store, steps, borrowed
        with running_on(store.place):
            self.function = make()
        how = "PyTorch's eager operations"
        if options.jit is True:
            self.function, how = torch.compile(self.function), "torch.compile"
        self.strategy = f"{how}, {'one step a call' if steps is None else f'{steps} batches at a time, one after another'}"

    def run(self, inputs):
        with running_on(self.store.place):
            inputs = [x if isinstance(x, torch.Tensor) else to_tensor(x, self.store.place) for x in inputs]
            if self.steps is None:
                return self._step(inputs)
            rows = [self._step([x[index] for x in inputs]) for index in range(self.steps)]
            return [torch.stack(column) for column in zip(*rows)]

    def _step(self, inputs):
        updates, outputs = self.function(self.store.values, inputs)
        for name in self.shared_updates:
            updates[name] = updates[name].clone()
        for place in self.shared_outputs:
            outputs[place] = outputs[place].clone()
        self.store.values.update(updates)
        return outputs

    def native(self):
        return {"function": self.function}

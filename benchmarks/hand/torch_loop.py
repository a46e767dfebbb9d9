"""PyTorch by hand: modules of its own kernels, with fused Adam, Adam on one flat buffer, or torch.compile."""

import torch
import torch.nn.functional as F

from benchmarks import workloads as w
from benchmarks.hand.torch_modules import MODULES

LOSSES = {w.CATEGORIES: F.cross_entropy, w.CLICKS: F.binary_cross_entropy_with_logits}


def fused(module, loss_of):
    """Return step(inputs, labels) -> loss with torch's own Adam, whose epsilon is scaled so that the formula is Keras's."""
    adam = torch.optim.Adam([p for p in module.parameters() if p.requires_grad], w.LEARNING_RATE, (w.BETA_1, w.BETA_2), fused=True)
    (group,), count = adam.param_groups, 0

    def step(inputs, labels):
        nonlocal count
        count += 1
        group["eps"] = w.EPSILON / (1 - w.BETA_2**count) ** 0.5
        loss = loss_of(module(*inputs), labels)
        adam.zero_grad()
        loss.backward()
        adam.step()
        return loss.detach()

    return step


def flat(module, loss_of):
    """Return step(inputs, labels) -> loss whose parameters are views of one buffer, and Adam a few operations on it."""
    parameters = [p for p in module.parameters() if p.requires_grad]
    values = torch.cat([p.detach().reshape(-1) for p in parameters])
    for p, part in zip(parameters, values.split([p.numel() for p in parameters])):
        p.data = part.view(p.shape)
    m, v, count = torch.zeros_like(values), torch.zeros_like(values), 0

    def step(inputs, labels):
        nonlocal count
        loss = loss_of(module(*inputs), labels)
        g = torch.cat([part.reshape(-1) for part in torch.autograd.grad(loss, parameters)])
        count += 1
        rate = w.LEARNING_RATE * (1 - w.BETA_2**count) ** 0.5 / (1 - w.BETA_1**count)
        with torch.no_grad():
            m.lerp_(g, 1 - w.BETA_1)
            v.mul_(w.BETA_2).addcmul_(g, g, value=1 - w.BETA_2)
            values.addcdiv_(m, v.sqrt().add_(w.EPSILON), value=-rate)
        return loss.detach()

    return step


def compiled(module, loss_of):
    """Return step(inputs, labels) -> loss whose forward and backward pass torch.compile makes, with fused Adam."""
    return fused(torch.compile(module), loss_of)


TRAIN = {"eager": fused, "flat": flat, "compile": compiled}
PREDICT = {"eager": lambda module: module, "compile": torch.compile}


def _batches(job):
    """Return [(inputs, labels)] as tensors, images as channels-last views."""
    inputs, labels = job.stacked
    tensors = [torch.from_numpy(array) for array in inputs]
    tensors = [x.permute(0, 1, 4, 2, 3) if x.dim() == 5 else x for x in tensors]
    labels = torch.from_numpy(labels)
    labels = labels if labels.is_floating_point() else labels.long()
    return list(zip(zip(*tensors), labels))


def train(job):
    """Return epoch(steps) -> mean loss."""
    module = MODULES[job.workload.forward](job.weights).train()
    step, batches = TRAIN[job.variant](module, LOSSES[job.workload.loss]), _batches(job)
    return lambda steps: torch.stack([step(*batch) for batch in batches[:steps]]).mean().item()


def predict(job):
    """Return epoch(steps) -> outputs."""
    module, batches = PREDICT[job.variant](MODULES[job.workload.forward](job.weights).eval()), _batches(job)

    @torch.inference_mode()
    def epoch(steps):
        return torch.cat([module(*inputs) for inputs, _ in batches[:steps]]).numpy()

    return epoch

"""PyTorch by hand: eager, parameters as views of one flat buffer, Adam as a few operations on it."""

import torch
import torch.nn.functional as F

from benchmarks import workload as w


def run(batch, epochs):
    x, y = w.data(batch)
    x, y = torch.from_numpy(x), torch.from_numpy(y).long()
    start = [torch.from_numpy(a) for a in w.weights()]
    flat = torch.cat([a.reshape(-1) for a in start])
    parts = [a.view(b.shape).requires_grad_() for a, b in zip(flat.split([a.numel() for a in start]), start)]
    m, v, count = torch.zeros_like(flat), torch.zeros_like(flat), [0]

    def step(xb, yb):
        loss = F.cross_entropy(torch.addmm(parts[3], F.relu(torch.addmm(parts[1], xb, parts[0])), parts[2]), yb)
        g = torch.cat([a.reshape(-1) for a in torch.autograd.grad(loss, parts)])
        count[0] += 1
        rate = w.LEARNING_RATE * (1 - w.BETA_2 ** count[0]) ** 0.5 / (1 - w.BETA_1 ** count[0])
        with torch.no_grad():
            m.lerp_(g, 1 - w.BETA_1)
            v.mul_(w.BETA_2).addcmul_(g, g, value=1 - w.BETA_2)
            flat.addcdiv_(m, v.sqrt().add_(w.EPSILON), value=-rate)
        return loss

    def epoch():
        for i in range(0, len(x), batch):
            loss = step(x[i : i + batch], y[i : i + batch])
        return loss.item()

    w.timed(epoch, len(x) // batch, epochs)

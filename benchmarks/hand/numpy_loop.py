"""NumPy by hand."""

import numpy as np

from benchmarks import workload as w


def run(batch, epochs):
    x, y = w.data(batch)
    p = w.weights()
    m, v = [np.zeros_like(a) for a in p], [np.zeros_like(a) for a in p]
    count = [0]

    def step(xb, yb):
        z1 = xb @ p[0] + p[1]
        h = np.maximum(z1, 0)
        z = h @ p[2] + p[3]
        z -= z.max(1, keepdims=True)
        e = np.exp(z)
        q = e / e.sum(1, keepdims=True)
        loss = -np.log(q[np.arange(batch), yb]).mean()
        q[np.arange(batch), yb] -= 1
        q /= batch
        dh = (q @ p[2].T) * (z1 > 0)
        count[0] += 1
        rate = w.LEARNING_RATE * np.sqrt(1 - w.BETA_2 ** count[0]) / (1 - w.BETA_1 ** count[0])
        for a, g, ma, va in zip(p, (xb.T @ dh, dh.sum(0), h.T @ q, q.sum(0)), m, v):
            ma += (g - ma) * (1 - w.BETA_1)
            va += (g * g - va) * (1 - w.BETA_2)
            a -= rate * ma / (np.sqrt(va) + w.EPSILON)
        return loss

    def epoch():
        for i in range(0, len(x), batch):
            loss = step(x[i : i + batch], y[i : i + batch])
        return loss

    w.timed(epoch, len(x) // batch, epochs)

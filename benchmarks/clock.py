"""How one run is timed: to the end of its first step, then epoch by epoch."""

import os
import re
import resource
import time

import numpy as np

WARM, MOST = 2, 100  # epochs that warm up, and the most that are timed
ENOUGH, TOO_LONG = 1.5, 20  # seconds to time at least where epochs are short, and after which no further one begins
FIGURES = {"train": float, "predict": lambda outputs: float(np.mean(np.square(outputs)))}


def peak_mb():
    """Return the peak memory of this process; ru_maxrss, where it must do, counts the parent's at the fork too."""
    try:
        with open("/proc/self/status") as file:
            return int(re.search(r"VmHWM:\s*(\d+)", file.read())[1]) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def busy_seconds():
    """Return the processor time that this process spent, and that all spent; the same where the machine does not tell."""
    own = time.process_time()
    try:
        with open("/proc/stat") as file:
            user, nice, system, _, _, *interrupts = map(int, file.readline().split()[1:9])
    except OSError:
        return own, own
    return own, (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


class Clock:
    """When the epochs of a run end, and what they came to. It runs from the start.

    Args:
        kind: "train", whose epochs come to a loss, or "predict", whose epochs come to outputs.
        steps: steps in an epoch.
        epochs: how many to time at least.
    """

    def __init__(self, kind, steps, epochs):
        self.figure, self.steps, self.least = FIGURES[kind], steps, WARM + epochs
        self.spans, self.figures = [], []
        self.start = self.last = time.perf_counter()

    def first_step_done(self):
        """Note the time to the first step: building, tracing, compiling and running it."""
        self.first_step, self.start = time.perf_counter() - self.start, time.perf_counter()
        self.last, self.busy = self.start, busy_seconds()

    def epoch_done(self, value):
        """Note an epoch."""
        self.spans.append(time.perf_counter() - self.last)
        self.figures.append(self.figure(value))
        self.last = time.perf_counter()

    @property
    def goes_on(self):
        """Whether another epoch is wanted: not when there were enough for long enough, or when they take too long."""
        if len(self.spans) < 2:
            return True
        wanted = len(self.spans) < self.least or (sum(self.spans[WARM:]) < ENOUGH and len(self.spans) < WARM + MOST)
        return wanted and self.last - self.start < TOO_LONG

    def report(self):
        """Return the run as a dict: microseconds per step of each epoch, seconds, figures, peak memory, and cores that others kept busy."""
        spans = self.spans[WARM:] or self.spans[-1:]
        own, everybody = (now - then for now, then in zip(busy_seconds(), self.busy))
        return {
            "us": [round(span / self.steps * 1e6, 1) for span in spans],
            "first_step_s": self.first_step,
            "first_epoch_s": self.spans[0],
            "figures": self.figures,
            "peak_mb": peak_mb(),
            "others": max(0.0, everybody - own) / (self.last - self.start),
        }

"""float32 products in all their digits while a program runs, whatever the process allows its other code."""

import os
import threading

import torch

# PyTorch looks at what is set of an operation, else of its library, else of everything.
ABOVE = [("generic", "all"), ("cuda", "all"), ("mkldnn", "all")]
PRODUCTS = [("mkldnn", "matmul"), ("mkldnn", "conv")]
if torch.backends.cuda.is_built():
    PRODUCTS += [("cuda", "matmul"), ("cuda", "conv")]
WHOLE = ("none", "ieee")
# what stands behind the attributes fp32_precision; that of torch.backends.mkldnn writes to the place of all (2.13)
read, write = torch._C._get_fp32_precision_getter, torch._C._set_fp32_precision_setter


class WholeProducts:
    """A context: the first to enter, of all threads, puts the switches right, the last to leave puts them back."""

    def __init__(self):
        self.lock, self.inside, self.before = threading.Lock(), 0, None

    def __enter__(self):
        with self.lock:
            if not self.inside:
                self.before = _straightened() if coarse() else None
            self.inside += 1

    def __exit__(self, *_):
        with self.lock:
            self.inside -= 1
            if not self.inside and self.before is not None:
                _put_back(*self.before)


whole_products = WholeProducts()


def coarse():
    """Whether some product may be computed with fewer digits."""
    return any(read(*place) not in WHOLE for place in PRODUCTS)


def _older():
    """Return what the older switch for products says; None where it contradicts the newer ones, which PyTorch does not forgive."""
    try:
        return torch.get_float32_matmul_precision()
    except RuntimeError:
        return None


def _straightened():
    """Ask for all digits; return what was set before."""
    older, before = _older(), []
    for place in ABOVE + PRODUCTS:  # each in turn shows what was set of itself, once those above it say nothing
        before.append(read(*place))
        write(*place, "none")
    if older not in (None, "highest"):
        torch.set_float32_matmul_precision("highest")
    for place in PRODUCTS:
        write(*place, "ieee")
    return older, before


def _put_back(older, before):
    if older not in (None, "highest"):
        torch.set_float32_matmul_precision(older)
    for place, precision in zip(ABOVE + PRODUCTS, before):
        write(*place, precision)


def numeric_mode():
    """Return how programs compute, and what is set for other code."""
    with whole_products:
        tf32 = coarse()
    onednn = [os.environ.get(f"{word}_DEFAULT_FPMATH_MODE", "strict").lower() for word in ("ONEDNN", "DNNL")]
    return {
        "tf32": tf32,
        "fast_math": onednn != ["strict", "strict"],
        "flushes_subnormals": (torch.full((1,), 1e-40, device="cpu") * 1.0).item() == 0,  # as torch.set_flush_denormal has it
        "threads": torch.get_num_threads(),
        "outside programs": f"float32_matmul_precision {_older() or 'mixed'}",
    }

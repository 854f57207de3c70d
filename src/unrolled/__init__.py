"""Unrolled: recurrent networks and their gradients in NumPy, small enough to read.

The lessons import this package; nothing in it knows a lesson.  NumPy computes, and
:mod:`unrolled.referee` compares every result with automatic differentiation in torch.
"""

from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """``unrolled.gradient_flow``, the tool for your own torch models; torch is imported then."""
    if name in ("gradient_flow", "GradientFlow"):
        from unrolled import flow

        return getattr(flow, name)
    raise AttributeError(f"module 'unrolled' has no attribute {name!r}")

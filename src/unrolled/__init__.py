"""Unrolled: recurrent networks and their gradients in NumPy, small enough to read.

The lessons import this package; nothing in it knows a lesson.  NumPy computes, and
:mod:`unrolled.referee` compares every result with automatic differentiation in torch.
"""

__version__ = "0.1.0"

"""Exercises of lesson 6, Activations: slopes, scales, widths, underflow and dead units."""

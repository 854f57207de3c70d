"""Exercises of lesson 1, Sequence shapes: what is right, and the mistakes people really make."""

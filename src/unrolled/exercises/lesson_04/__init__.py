"""Exercises of lesson 4, Gradient analysis: what grows, what shrinks, and what can be done."""

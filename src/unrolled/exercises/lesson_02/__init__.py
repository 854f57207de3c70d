"""Exercises of lesson 2, Forward: what is right, and the mistakes people really make."""

"""Exercises of lesson 3, Backpropagation through time: the right way back and the wrong ones."""

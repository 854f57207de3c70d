"""Exercises of lesson 5, LSTM: the cell, its way back, its highway, and torch's order of gates."""

"""Comparing two computations: how far apart, and where they part."""

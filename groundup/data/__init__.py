"""Functions that return data sets of dicts with standard keys."""

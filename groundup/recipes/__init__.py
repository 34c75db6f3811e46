"""Functions that return a Recipe: the one place where model meets data."""

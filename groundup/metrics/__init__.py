"""Thin wraps of well-kept metric libraries, fed with (prediction, batch)."""

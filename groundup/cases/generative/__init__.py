"""Generative models against their references."""

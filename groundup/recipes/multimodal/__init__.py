"""Recipes on pictures and words together."""

"""Recipes that make pictures."""

"""Recipes that find things in pictures."""

"""Recipes that predict numbers from tables."""

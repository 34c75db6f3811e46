"""Recipes that tell pictures apart."""

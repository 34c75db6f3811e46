"""Reverse-mode differentiation from nothing: an engine for single numbers, and one for arrays."""

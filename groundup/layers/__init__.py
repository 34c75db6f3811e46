"""Modules of one concept each, over the ops."""

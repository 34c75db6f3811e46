"""Layers against torch.nn."""

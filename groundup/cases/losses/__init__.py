"""Losses against torch.nn and their equations."""

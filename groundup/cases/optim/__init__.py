"""Optimisers and schedules against torch.optim."""

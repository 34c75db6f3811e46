"""Ops against torch.nn.functional."""

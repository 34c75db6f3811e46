"""Deep learning from the ground up, in PyTorch."""

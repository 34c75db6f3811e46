"""Pure functions, each on a ladder: loops, tensors, manual, fused."""

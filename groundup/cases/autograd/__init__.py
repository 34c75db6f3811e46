"""The two engines of groundup.autograd against torch."""

"""How new things are drawn from a trained model."""

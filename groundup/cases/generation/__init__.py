"""Generation against transformers."""

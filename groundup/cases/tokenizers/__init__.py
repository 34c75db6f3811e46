"""Cases of tokenizers."""

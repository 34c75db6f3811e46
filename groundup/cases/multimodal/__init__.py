"""Cases of models that see and read at once."""

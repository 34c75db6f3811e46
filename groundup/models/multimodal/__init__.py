"""Models that see and read at once."""

"""Networks that make new pictures."""

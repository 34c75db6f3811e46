"""Models that find things in pictures and say where they are."""

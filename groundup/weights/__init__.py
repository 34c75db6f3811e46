"""Official weights in and out."""

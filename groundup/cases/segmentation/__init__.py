"""Cases of networks that say of every pixel what it belongs to."""

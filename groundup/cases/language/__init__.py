"""Language models against their references."""

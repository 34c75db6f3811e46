"""Classification models against their references."""

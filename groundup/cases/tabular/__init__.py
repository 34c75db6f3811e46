"""Models of tables against their references."""

"""Numbers out of the columns of a table."""

"""The seeded fuzz of the readers of data: a file for each kind of set, which writes it, reads it, and knows its damages."""

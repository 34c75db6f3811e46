"""Pictures of what a trained classifier looks for, where it looks, and how far to believe it."""

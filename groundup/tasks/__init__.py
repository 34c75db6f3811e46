"""What a batch means: loss, prediction, reading, writing, pictures."""

"""Recipe, Facts, Trainer, Run: the one training loop and what it keeps."""

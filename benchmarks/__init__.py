"""What groundup costs, measured; run by `groundup bench`."""

"""One file a paper: blocks, class, sizes, WEIGHTS and CARD."""

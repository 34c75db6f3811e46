"""Changes of pictures together with what is annotated on them."""

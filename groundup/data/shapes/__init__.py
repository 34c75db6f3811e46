"""ShapesWorld from the bits up: random bits, scenes, drawing, annotations, and what can be said and asked about them."""

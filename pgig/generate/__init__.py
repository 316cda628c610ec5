"""Making pictures with trained weights: test pairs, animations, extra training images."""

"""Small helpers that know nothing of poses or methods."""

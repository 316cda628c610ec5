"""Training: one loop for all methods, exact resume, and the only code that depends on the Keras back end."""

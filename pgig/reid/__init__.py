"""Networks that recognise people: training one on the pictures of a folder, and reading it back."""

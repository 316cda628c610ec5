"""Folders of generated pictures as the programs of the field leave them."""

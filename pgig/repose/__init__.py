"""A person of any photo in another pose: framed, estimated, generated, put back."""

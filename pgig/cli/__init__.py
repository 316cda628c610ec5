"""Command line: the parser (standard library only) and the commands."""

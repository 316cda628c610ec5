"""Weight files of other programs: arrays in, no code runs, strict reports."""

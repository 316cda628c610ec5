"""Scores of pictures, one file per metric: plain numpy on the host, networks where a metric looks through one."""

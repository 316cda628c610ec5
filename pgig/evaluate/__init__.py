"""Scoring: `protocols` names published combinations of metrics, `scores` applies one to a stream of picture pairs,
`run` is test.py, and `folder` scores the pictures of any program.
"""

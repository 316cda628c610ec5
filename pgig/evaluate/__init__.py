"""Scores of generated pictures: one file per metric, batched, plain numpy and scipy on the host.

`protocols` names published combinations of metrics, `scores` applies one to a stream of picture pairs,
`triptych` reads and writes the pictures of a test run, `report` shows the outcome as one HTML page.
"""

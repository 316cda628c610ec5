"""One self-contained HTML page: tables, curves, intervals and pictures."""

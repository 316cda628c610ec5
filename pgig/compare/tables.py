"""A comparison as lines of text for the terminal."""

ARROWS = {"higher": " ↑", "lower": " ↓", None: ""}


def short(value):
    """A score with four digits after the point, less where there are more before it.

    Args:
        value: float or None.

    Returns:
        str, a dash for None.

    Example:
        >>> short(0.25), short(18.457), short(None)
        ('0.2500', '18.457', '–')
    """
    if value is None:
        return "–"
    return f"{value:.{4 if abs(value) < 10 else 3 if abs(value) < 100 else 2}f}"


def terminal_table(comparison, published=(), width=100):
    """The scores as lines of text: a line of scores and a line of intervals for each run, the best marked with `*`.

    Args:
        comparison: `pgig.compare.records.Comparison`.
        published: sequence of `pgig.compare.published.Row`.
        width: letters in a line; metrics that find no room stand in a table below.

    Returns:
        str, without a newline at the end.
    """
    columns = [("", *_methods(comparison, published))]
    columns += [
        (_heading(metric), *_column(comparison, published, key)) for key, metric in comparison.metrics.items()
    ]
    # The titles of the differences are longer than names and have the line for themselves.
    first = max(len(text) for text, *others in zip(*columns, strict=True) if any(others))
    blocks = [[]]
    for column in columns[1:]:
        used = first + sum(2 + max(map(len, other)) for other in [*blocks[-1], column])
        if blocks[-1] and used > width:
            blocks.append([])
        blocks[-1].append(column)
    return "\n\n".join(_text([columns[0], *block], first) for block in blocks)


def _methods(comparison, published):
    """The first column of the terminal's table."""
    for run in comparison.runs:
        yield from (run.name, "")
    yield from (f"({name})" for name in comparison.baselines)
    yield from (f"[{row.method}]" for row in published)
    for run in comparison.runs[1:]:
        yield from (f"{run.name} - {comparison.runs[0].name}:", "", "", "")


def _column(comparison, published, key):
    """A column of the terminal's table; a letter after each score is its mark."""
    best = comparison.best(key)
    for number, scores in enumerate(comparison.scores):
        yield _value(scores[key]) + ("*" if number in best else " ")
        yield _ends(scores[key])
    yield from (_value(scores[key]) + " " for scores in comparison.baselines.values())
    for row in published:
        figure = row.figures.get(key)
        yield f"{figure.text}{' ' if figure.status == 'R' else figure.status}" if figure else "– "
    for differences in comparison.differences:
        found = differences[key]
        yield ""
        if found is None:
            yield from ("– ", "", "")
        else:
            yield from (f"{found.value:+.4f} ", f"{found.low:+.4f}..{found.high:+.4f} ", f"{found.verdict} ")


def _heading(metric):
    return metric.title + ARROWS[metric.better] + " "


def _text(columns, first):
    """Lines of a table; rows that say nothing about these columns are left out."""
    widths = [max(map(len, column)) + 2 for column in columns[1:]]
    lines = []
    for name, *cells in zip(*columns, strict=True):
        if name.startswith(("[", "(")) and not any(cell.strip(" –") for cell in cells):
            continue
        if name or any(cells):
            padded = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
            lines.append((name.ljust(first) + "".join(padded)).rstrip())
    return "\n".join(lines)


def _value(score):
    return short(score.value if score else None)


def _ends(score):
    """The second line of a score: interval, or deviation."""
    if score is None:
        return ""
    if score.low is not None:
        return f"{short(score.low)}..{short(score.high)} "
    return "" if score.deviation is None else f"±{short(score.deviation)} "

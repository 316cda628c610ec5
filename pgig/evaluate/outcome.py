"""What is told of scores: a table on the terminal, and a page with the best, median and worst pairs."""

import numpy as np

from pgig.evaluate.scores import summary_line
from pgig.report.report import Gallery, Table, ranked_examples, report
from pgig.utils.words import counted

_EXAMPLES = 4
_ARROWS = {"higher": "↑", "lower": "↓"}


def print_scores(results):
    """Print a line per metric with a column for the method and for each baseline, then the notes.

    Args:
        results: dictionary of name -> result of a `Scorer`, the method's own first.
    """
    first = next(iter(results.values()))
    titles = {key: f"{metric['title']} {_ARROWS[metric['better']]}" for key, metric in first["metrics"].items()}
    head = f"protocol {first['protocol']}"
    width = max(map(len, [head, *titles.values()])) + 2
    print(f"\n{head:{width}}" + "".join(f"{name:>{_column(name)}}" for name in results))
    for key, title in titles.items():
        print(f"{title:{width}}" + "".join(f"{shown(r.get(key)):>{_column(n)}}" for n, r in results.items()))
    print(f"\n{counted(first['pairs'], 'pair')}, list: {first['pair_list']}, SHA-256 {first['pairs_sha256'][:16]}...")
    for note in first["notes"]:
        print(note)
    if first["protocol"] == "pose-gan":
        print(summary_line(first))


def write_page(path, title, subtitle, results, scorer, panels, caption):
    """Write report.html.

    Args:
        path: the file.
        title, subtitle: heading of the page and the line below it.
        results: dictionary of name -> result, the method's own first.
        scorer: the method's `Scorer`.
        panels: function from the number of a pair to its picture (H, W, 3) uint8.
        caption: what the panels of the pictures are.
    """
    first = next(iter(results.values()))
    rows = tuple(
        (f"{metric['title']} {_ARROWS[metric['better']]}", *(shown(result.get(key)) for result in results.values()))
        for key, metric in first["metrics"].items()
    )
    protocol = scorer.protocol
    note = (
        "↑ higher is better, ↓ lower is better, – not computed. All settings of the protocol are in scores.json.",
        f"Protocol {protocol.name}: {protocol.source}. Pictures: {protocol.pictures}.",
        *first["notes"],
    )
    pairs = f"{counted(first['pairs'], 'pair')} (list: {first['pair_list']}, SHA-256 {first['pairs_sha256'][:16]}…)"
    table = Table(f"Protocol {protocol.name} on {pairs}", ("", *results), rows, note, first_stands_out=False)
    galleries = _galleries(first, scorer.pair_scores(), panels, caption)
    report(path, title, tables=[table], images=galleries, subtitle=subtitle)


def shown(value):
    """Text of a score: four digits, mean and deviation, or a dash."""
    if value is None:
        return "–"
    if isinstance(value, list):
        return f"{value[0]:.4f} ± {value[1]:.4f}"
    return f"{value:.4f}"


def _column(name):
    return max(len(name) + 3, 18)


def _galleries(result, columns, panels, caption):
    """The pairs at both ends and in the middle, by the first metric that has a number for each pair."""
    key = next((key for key, metric in result["metrics"].items() if metric["kind"] == "pair" and key in columns), None)
    if key is None:
        return []
    metric, scores = result["metrics"][key], columns[key]
    galleries = []
    order = scores if metric["better"] == "higher" else -scores
    for kind, numbers in ranked_examples(order, _EXAMPLES).items():
        pictures = tuple((f"{metric['title']} {scores[number]:.3f}", panels(number)) for number in numbers)
        galleries.append(Gallery(f"{kind.capitalize()} pairs by {metric['title']}", pictures, caption))
    return galleries


def side_by_side(*pictures):
    """Pictures of one height next to each other, (H, sum of W, 3)."""
    return np.concatenate(pictures, axis=1)

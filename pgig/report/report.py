"""One self-contained HTML page: tables, curves and pictures that open without a server or a network."""

import base64
import io
from dataclasses import dataclass
from urllib.parse import quote

import jinja2
import numpy as np
from PIL import Image

from pgig.report.figures import curves_svg, intervals_svg
from pgig.report.page import PAGE
from pgig.utils.files import write_text


@dataclass(frozen=True)
class Cell:
    """A cell with a second line.

    Attributes:
        text: what it says.
        small: what stands below it in small type; may have several lines.
        best: whether it stands out.
    """

    text: str
    small: str = ""
    best: bool = False


@dataclass(frozen=True)
class Table:
    """A table of text and numbers.

    Attributes:
        title: heading.
        header: names of the columns.
        rows: sequences of str, int, float, None or `Cell`; floats are shown with four digits, None as a dash.
        note: sentence below the table, or a sequence of sentences that get a line each.
        groups: further rows below a line, set apart from the first: sequence of (heading, rows).
        first_stands_out: whether the first row is set in bold; if not, the first column stays in sight.
    """

    title: str
    header: tuple
    rows: tuple
    note: str | tuple = ""
    groups: tuple = ()
    first_stands_out: bool = True


@dataclass(frozen=True)
class Figure:
    """Curves over a common axis.

    Attributes:
        title: heading.
        curves: dictionary of name -> (x values, y values), at most six; where y is not finite, a gap.
        x_label: what the horizontal axis counts.
        y_label: what the vertical axis measures.
        note: sentence below the curves.
    """

    title: str
    curves: dict
    x_label: str = "epoch"
    y_label: str = ""
    note: str = ""


@dataclass(frozen=True)
class Intervals:
    """Points with intervals, a small plot for each metric.

    Attributes:
        title: heading.
        panels: dictionary of heading -> sequence of (name, value, low, high); the ends may be None.
        note: sentence below the plots.
    """

    title: str
    panels: dict
    note: str = ""


@dataclass(frozen=True)
class Gallery:
    """Pictures with captions.

    Attributes:
        title: heading.
        pictures: sequence of (caption, (H, W, 3) uint8 pixels).
        note: sentence below the pictures.
    """

    title: str
    pictures: tuple
    note: str = ""


@dataclass(frozen=True)
class Linked:
    """Picture files that lie beside the page and stay there: for thousands of them, which a page cannot hold.

    Attributes:
        title: heading.
        files: sequence of (file name, caption).
        note: sentence below the pictures.
        width: largest width of a picture with its caption in pixels, or None for any.
    """

    title: str
    files: tuple
    note: str = ""
    width: int | None = None


@dataclass(frozen=True)
class Examples:
    """Rows of pictures that belong together, column by column.

    Attributes:
        title: heading.
        columns: names of the columns.
        rows: sequence of (caption, cells); a cell is (caption, (H, W, 3) uint8 pixels or None) for each column.
        note: sentence below the pictures.
    """

    title: str
    columns: tuple
    rows: tuple
    note: str = ""


def report(path, title, tables=(), figures=(), images=(), subtitle=""):
    """Write a report. All text is escaped, so names from data files cannot change the page.

    Args:
        path: path of the HTML file; an older one is replaced.
        title: heading of the page.
        tables: sequence of `Table`.
        figures: sequence of `Figure` and `Intervals`.
        images: sequence of `Gallery`, `Examples` and `Linked`.
        subtitle: line below the heading, for instance protocol and date.

    Raises:
        StorageError: the file cannot be written.
    """
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["cell"] = _cell
    environment.filters["picture"] = _picture
    environment.filters["lines"] = _lines
    environment.tests["rich"] = lambda value: isinstance(value, Cell)
    environment.filters["address"] = quote
    environment.tests["linked"] = lambda gallery: isinstance(gallery, Linked)
    environment.tests["aligned"] = lambda gallery: isinstance(gallery, Examples)
    page = environment.from_string(PAGE).render(
        title=title,
        subtitle=subtitle,
        tables=tables,
        figures=[(figure, _drawn(figure, f"figure-{number}")) for number, figure in enumerate(figures)],
        galleries=images,
    )
    write_text(path, page)


def ranked_examples(scores, count=3):
    """Which pairs to show: the best, those around the median, and the worst.

    Args:
        scores: (N,) float, larger is better; pairs without a score (NaN) are not shown.
        count: at most so many of each kind.

    Returns:
        dictionary "best", "median", "worst" -> list of indices; no index twice where N allows it.
    """
    scores = np.asarray(scores, dtype=float)
    order = np.argsort(-scores, kind="stable")
    order = order[np.isfinite(scores[order])].tolist()
    count = max(1, min(count, len(order) // 3))
    middle = (len(order) - count) // 2
    return {"best": order[:count], "median": order[middle : middle + count], "worst": order[-count:]}


def _cell(value):
    """Text of a table cell."""
    if value is None:
        return "–"
    if isinstance(value, float | np.floating):
        return f"{value:.4f}" if np.isfinite(value) else "–"
    return str(value)


def _lines(note):
    """The sentences of a note."""
    return [note] if isinstance(note, str) else list(note)


def _picture(pixels):
    """A picture as a data address."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, format="PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _drawn(figure, salt):
    """(heading, `<svg>` element) of each plot of a figure."""
    if isinstance(figure, Intervals):
        return [
            (title, intervals_svg(points, f"{salt}-{number}"))
            for number, (title, points) in enumerate(figure.panels.items())
        ]
    return [("", curves_svg(figure, salt))]

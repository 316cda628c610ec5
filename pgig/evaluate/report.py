"""One self-contained `report.html`: tables, curves and pictures that open without a server or a network."""

import base64
import io
from dataclasses import dataclass

import jinja2
import numpy as np
from PIL import Image

from pgig.evaluate.report_page import PAGE
from pgig.utils.files import write_text

# Colours of curves: far apart for colour-blind readers too, and legible on white.
_COLOURS = ("#1f5f8b", "#c1582c", "#3b7d4f", "#7a4f9a", "#9a7b1f", "#5b6770")


@dataclass(frozen=True)
class Table:
    """A table of text and numbers.

    Attributes:
        title: heading.
        header: names of the columns.
        rows: sequences of str, int, float or None; floats are shown with four digits, None as a dash.
        note: sentence below the table.
    """

    title: str
    header: tuple
    rows: tuple
    note: str = ""


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


def report(path, title, tables=(), figures=(), images=(), subtitle=""):
    """Write a report. All text is escaped, so names from data files cannot change the page.

    Args:
        path: path of the HTML file; an older one is replaced.
        title: heading of the page.
        tables: sequence of `Table`.
        figures: sequence of `Figure`.
        images: sequence of `Gallery`.
        subtitle: line below the heading, for instance protocol and date.

    Raises:
        StorageError: the file cannot be written.
    """
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["cell"] = _cell
    page = environment.from_string(PAGE).render(
        title=title,
        subtitle=subtitle,
        tables=tables,
        figures=[(figure, _svg(figure, number)) for number, figure in enumerate(figures)],
        galleries=[(gallery, [_picture(*picture) for picture in gallery.pictures]) for gallery in images],
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


def _picture(caption, pixels):
    """Caption, width in pixels, and the picture as a data address."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, format="PNG")
    address = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    return caption, pixels.shape[1], address


def _svg(figure, number):
    """The curves as an `<svg>` element whose text stays text, in the font of the page."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Canvas

    settings = {
        "svg.fonttype": "none",
        "svg.hashsalt": f"figure-{number}",
        "text.parse_math": False,
        "font.family": "sans-serif",
        "font.size": 10.5,
        "axes.edgecolor": "#b8b8b2",
        "axes.labelcolor": "#55554f",
        "xtick.color": "#77776f",
        "ytick.color": "#77776f",
    }
    with matplotlib.rc_context(settings):
        canvas = Canvas(figsize=(7, 3.2), layout="constrained")
        FigureCanvasSVG(canvas)
        axes = canvas.add_subplot()
        for (name, (x, y)), colour in zip(figure.curves.items(), _COLOURS, strict=False):
            # One point is no line yet: show it.
            marker = "o" if len(x) == 1 else None
            axes.plot(x, y, color=colour, linewidth=1.5, marker=marker, markersize=4, label=name)
        axes.set_xlabel(figure.x_label)
        axes.set_ylabel(figure.y_label)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e8e8e3", linewidth=0.8)
        axes.set_axisbelow(True)
        if figure.curves:
            axes.legend(loc="upper left", bbox_to_anchor=(0, 1.16), ncols=3, frameon=False)
        file = io.StringIO()
        canvas.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})

    # Only the element: declaration and document type have no place inside a page.
    text = file.getvalue()
    return text[text.index("<svg") :]

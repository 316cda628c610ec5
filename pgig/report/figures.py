"""Figures of a report as `<svg>` elements whose text stays text, in the font of the page."""

import io
import textwrap

# Far apart for colour-blind readers too, and legible on white.
COLOURS = ("#1f5f8b", "#c1582c", "#3b7d4f", "#7a4f9a", "#9a7b1f", "#5b6770")

_SETTINGS = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 10.5,
    "axes.edgecolor": "#b8b8b2",
    "axes.labelcolor": "#55554f",
    "xtick.color": "#77776f",
    "ytick.color": "#77776f",
}


def curves_svg(figure, salt):
    """Curves over a common axis.

    Args:
        figure: `pgig.report.report.Figure`.
        salt: text that makes the names inside of the element differ from those of others on the page.

    Returns:
        str, an `<svg>` element.
    """

    def draw(axes):
        for (name, (x, y)), colour in zip(figure.curves.items(), COLOURS, strict=False):
            # One point is no line yet: show it.
            marker = "o" if len(x) == 1 else None
            axes.plot(x, y, color=colour, linewidth=1.5, marker=marker, markersize=4, label=_shortened(name))
        axes.set_xlabel(figure.x_label)
        axes.set_ylabel(figure.y_label)
        axes.grid(axis="y", color="#e8e8e3", linewidth=0.8)
        if figure.curves:
            # Above the axes, however many rows it has.
            longest = max(len(_shortened(name)) for name in figure.curves)
            columns = max(1, min(3, 90 // (longest + 8)))
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False)

    return _svg(draw, (7, 3.2), salt)


def intervals_svg(points, salt):
    """Points with their intervals, one below the other.

    Args:
        points: sequence of (name, value, low, high); the ends may be None.
        salt: see `curves_svg`.

    Returns:
        str, an `<svg>` element.
    """
    names = [_wrapped(name) for name, *_ in points]

    def draw(axes):
        from matplotlib.ticker import MaxNLocator

        for number, (_, value, low, high) in enumerate(points):
            colour = COLOURS[number % len(COLOURS)]
            if low is not None:
                axes.plot([low, high], [number, number], color=colour, linewidth=2, solid_capstyle="round")
            axes.plot([value], [number], color=colour, marker="o", markersize=6)
        axes.set_yticks(range(len(points)), names)
        axes.set_ylim(len(points) - 0.4, -0.6)
        axes.margins(x=0.08)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.ticklabel_format(axis="x", useOffset=False, style="plain")
        axes.tick_params(axis="y", length=0, labelcolor="#22221f")
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color="#e8e8e3", linewidth=0.8)

    return _svg(draw, (4.4, 0.55 + 0.4 * max(2, len(points))), salt)


def _shortened(name, length=60):
    """A name of at most so many letters."""
    return name if len(name) <= length else name[: length - 1] + "…"


def _wrapped(name):
    """A name of at most two short lines."""
    return "\n".join(textwrap.wrap(name, 18, max_lines=2, placeholder="…")) or name[:18]


def _svg(draw, inches, salt):
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Canvas

    with matplotlib.rc_context(_SETTINGS | {"svg.hashsalt": salt}):
        canvas = Canvas(figsize=inches, layout="constrained")
        FigureCanvasSVG(canvas)
        axes = canvas.add_subplot()
        draw(axes)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_axisbelow(True)
        file = io.StringIO()
        canvas.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})

    # Only the element: declaration and document type have no place inside a page.
    text = file.getvalue()
    return text[text.index("<svg") :]

"""What people look at of sampled pictures: for each of the first sources a row for each factor, and a page of all."""

import numpy as np

from pgig.data.images import list_images
from pgig.report.report import Linked, report
from pgig.train.pictures import write_png
from pgig.train.visuals import sheet

_SOURCES, _COLUMNS = 3, 6

# Browsers fetch pictures as they come into sight, but a page of many thousands is slow nevertheless.
_MOST_SHOWN = 500


def write_grid(path, method, painter, images, numbers, own, made, plan):
    """Write rows source | its pose | samples, in which one factor changes and all others are the source's.

    Where several factors are sampled, the last row of a source has all of them changed, as the pictures of the run.
    Where the pose changes, it stands below each sample.

    Args:
        path: PNG to write.
        method: a `Factored`.
        painter: `pgig.generate.factors.Painter`.
        images: `pgig.data.dataset.ImageSet`.
        numbers: (S,) of the sources.
        own, made: what `pgig.generate.sample_codes.make_codes` returned.
        plan: `pgig.generate.sample_codes.Plan`.
    """
    changes = [(factor.title, [factor.name]) for factor in method.factors if factor.name in plan.factors]
    if len(changes) > 1:
        changes.append(("all of these", plan.factors))
    columns = min(_COLUMNS, plan.count)
    lines = [(place, *change) for place in range(len(numbers[:_SOURCES])) for change in changes]
    given = [_line(images, numbers[place], own, made, place, plan.count, columns, names) for place, _, names in lines]
    codes = {name: np.concatenate([line[name] for line, _ in given]) for name in given[0][0]}
    pictures = painter.all(codes, np.concatenate([poses for _, poses in given]), "Grid")

    blocks = []
    for (place, title, names), (_, poses), row in zip(lines, given, np.split(pictures, len(lines)), strict=True):
        real = images.keypoints[numbers[place]][None]
        left = {"source": images.pixels(numbers[place])[None], "its pose": method.pose_pictures(real)}
        stacked = np.stack([row, *([method.pose_pictures(poses)] if "pose" in names else [])], axis=1)
        right = {f"{title} {column}": shown for column, shown in enumerate(stacked, start=1)}
        blocks.append(sheet(_filled(left, stacked.shape[1]) | right, images.size))
    write_png(path, np.concatenate(blocks))


def write_page(output, options, method, plan):
    """Write `index.html`: the grid, and the first pictures of the run.

    Args:
        output: `pathlib.Path` of the folder.
        options: `pgig.cli.options.Options`.
        method: a `Factored`.
        plan: `pgig.generate.sample_codes.Plan`.
    """
    names = list_images(output / "G")
    shown = [(f"G/{name}", f"{plan.sources[int(name[:4])]}, {int(name[10:16])}") for name in names[:_MOST_SHOWN]]
    titles = [factor.title for factor in method.factors if factor.name in plan.factors]
    subtitle = f"Sampled: {', '.join(titles)}. Everything else is of the source. Seed {options.shared.seed}."
    left = f"The first {len(shown)} of {len(names)} pictures." if len(shown) < len(names) else ""
    grid = Linked("One factor at a time", [("grid.png", "source, its pose, and samples")])
    pictures = Linked("Pictures: name and number of the source's samples", shown, left)
    title = f"{options.method.title} on {options.data.name}: samples"
    report(output / "index.html", title, images=[grid, pictures], subtitle=subtitle)


def _line(images, number, own, made, place, count, columns, names):
    """Codes (columns, size) and poses (columns, 18, 3) of a row, in which the factors `names` are sampled."""
    part = slice(place * count, place * count + columns)
    codes = {name: np.repeat(code[place][None], columns, axis=0) for name, code in own.items() if name != "pose"}
    codes |= {name: made[f"code_{name}"][part] for name in names if name != "pose"}
    return codes, made["pose"][part] if "pose" in names else np.repeat(images.keypoints[number][None], columns, axis=0)


def _filled(pictures, rows):
    """Pictures (1, H, W, 3) above white ones: {title: (rows, H, W, 3)}."""
    return {
        title: np.concatenate([picture, *[np.full_like(picture, 255)] * (rows - 1)])
        for title, picture in pictures.items()
    }

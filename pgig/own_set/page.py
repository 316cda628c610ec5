"""The page of a data set: every photo with what was made of it, what somebody should look at first on top."""

from pathlib import Path

import numpy as np
from PIL import Image

from pgig.report.report import Linked, report
from pgig.repose.sheets import with_pose

# Folder beside the page, and rows of a picture in it.
THUMBNAILS = "thumbnails"
_HEIGHT = 208


def write_thumbnail(folder, photo, pixels, keypoints):
    """Write a picture with its joints drawn over it, to be seen on the page.

    Args:
        folder: folder of the page; that of the thumbnails in it exists.
        photo: `pgig.own_set.photos.Photo`.
        pixels: (H, W, 3) uint8.
        keypoints: (18, 3) y, x, visible in pixels.
    """
    shown = np.ascontiguousarray(with_pose(pixels, keypoints, _HEIGHT))
    Image.fromarray(shown).save(Path(folder) / _thumbnail(photo), quality=85)


def write_page(folder, title, lines, left_out, decided, groups):
    """Write `index.html`.

    Args:
        folder: where; `write_thumbnail` has written there for every photo that is decided on.
        title: heading.
        lines: sentences below it.
        left_out: {path within the folder of photos: clause} of photos without a picture here.
        decided: `pgig.own_set.pictures.Sorted`.
        groups: {heading: list of `pgig.own_set.pictures.Picture`}: the data set by person.

    Raises:
        StorageError: it cannot be written.
    """
    doubtful = [picture for picture in decided.pictures if picture.doubts]
    first = [
        _group(
            f"No pose found: {len(decided.nobody)}",
            [(photo, photo.shown) for photo in decided.nobody],
            "Left out. Is the person small, cut off, dark or turned upside down? Crop the photo or take it out.",
        ),
        _group(
            f"Poses that cannot be used: {len(decided.unusable)}",
            [(photo, f"{photo.shown}: {why}") for photo, why in decided.unusable],
            "Left out: without both shoulders and both hips nothing can be generated from a pose.",
        ),
        _group(
            f"Doubtful: {len(doubtful)}",
            [(picture.photo, f"{picture.photo.shown}: {', '.join(picture.doubts)}") for picture in doubtful],
            "In the data set all the same. Take a photo out where the skeleton is not that of the person. Beyond the "
            "photo its border is repeated; --crop none shows photos as they are.",
        ),
    ]
    people = [
        _group(heading, [(picture.photo, Path(picture.photo.shown).name) for picture in pictures])
        for heading, pictures in groups.items()
    ]
    if left_out:
        reasons = tuple(f"{', '.join(shown)}: {why}" for why, shown in by_reason(left_out).items())
        first.append(Linked(f"Left out unseen: {len(left_out)}", (), reasons))
    report(Path(folder) / "index.html", title, images=[*filter(None, first), *people], subtitle=lines)


def by_reason(left_out):
    """{clause: list of paths} of {path: clause}."""
    reasons = {}
    for shown, why in left_out.items():
        reasons.setdefault(why, []).append(shown)
    return reasons


def _group(title, photos, note=""):
    """`Linked` of (`Photo`, caption), or None for none."""
    files = tuple((_thumbnail(photo), caption) for photo, caption in photos)
    return Linked(title, files, note, _HEIGHT) if photos else None


def _thumbnail(photo):
    return f"{THUMBNAILS}/{Path(photo.name).stem}.jpg"

"""Small turns, shifts and changes of scale of training pictures: drawn on the host, done on the device.

As `RenYurui/Global-Flow-Local-Attention` trains on Market-1501. With c = (height / 2 + 1/2, width / 2 + 1/2), a turn R
by the angle (from the columns' axis towards the rows' axis), the scale s and the shift t, a point p goes to
s R (p - c) + c + t. Joints are moved at their pixel numbers, pictures are read at the middles of their pixels, half a
pixel beside; so the original does, and its weights were trained.
"""

import numpy as np
from keras import ops

# What a picture shows beyond its border.
GREY = 128

# A target is turned and shifted less than a source, and never scaled: factors of angle, shift x, shift y, scale.
_TARGET = (0.2, 0.5, 0.5, 0.0)
_STILL = (0.0, 0.0, 0.0, 1.0)

# The three bytes of a pixel in one number.
_PLACES = np.array([1, 2**8, 2**16], "int32")


def draw(random, ranges, count):
    """Draw how pictures are moved. Numpy, on the host.

    Args:
        random: `numpy.random.Generator` (or `RandomState`, as the original).
        ranges: (angle, shift, scale), each (low, high) or None: degrees, pixels, factor. What is None draws nothing.
        count: number of pictures.

    Returns:
        (count, 4) float64 marks: angle in degrees, shift x, shift y in pixels, scale. A picture after the other draws
        angle, scale, shift x, shift y.
    """
    angle, shift, scale = ranges
    drawn = [(mark, limits) for mark, limits in ((0, angle), (3, scale), (1, shift), (2, shift)) if limits]
    marks = np.tile(_STILL, (count, 1))
    if drawn:
        columns, limits = map(list, zip(*drawn, strict=True))
        low, high = np.transpose(limits)
        marks[:, columns] = random.uniform(low, high, (count, len(columns)))
    return marks


def draw_pairs(random, ranges, count):
    """As `draw`, for source and target of each pair in turn: (count, 2, 4). Targets move less."""
    marks = draw(random, ranges, 2 * count).reshape(count, 2, 4)
    marks[:, 1] = np.multiply(marks[:, 1], _TARGET) + _STILL
    return marks


def augment_batch(batch):
    """Move those pictures of a batch for which marks were drawn, and their poses with them.

    Args:
        batch: dict of arrays, among them `source_pixels`, `source_keypoints`, `target_pixels`, `target_keypoints`, and
            perhaps `source_affine`, `target_affine` (B, 4) float32, rows as `draw` gives them.

    Returns:
        The batch itself when it has none of the two; else a new dict without them, pixels, background (where there is
        one) and keypoints of either side moved.
    """
    sides = [side for side in ("source", "target") if f"{side}_affine" in batch]
    if not sides:
        return batch

    batch = dict(batch)
    for side in sides:
        marks = ops.convert_to_tensor(batch.pop(f"{side}_affine"))
        size = tuple(batch[f"{side}_pixels"].shape[1:3])
        for name in (f"{side}_pixels", f"{side}_background"):
            if name in batch:
                batch[name] = move_pictures(batch[name], marks)
        batch[f"{side}_keypoints"] = move_keypoints(batch[f"{side}_keypoints"], marks, size)
    return batch


def move_pictures(pixels, marks):
    """Move pictures: each pixel takes the colour of the one that its middle comes from.

    Args:
        pixels: (B, H, W, 3) uint8.
        marks: (B, 4) float32, rows as `draw` gives them.

    Returns:
        (B, H, W, 3) uint8, grey where nothing comes from.
    """
    pixels = ops.convert_to_tensor(pixels)
    height, width = size = tuple(pixels.shape[1:3])
    middles = np.indices(size, "float32").reshape(1, 2, -1).transpose(0, 2, 1) + 0.5
    read = ops.floor(carried_back(middles, marks, size))
    y, x = read[..., 0], read[..., 1]
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    number = ops.cast(ops.where(inside, y * width + x, 0.0), "int32")

    # One number a pixel: a third of the look-ups, and of a type that every device gathers.
    places = ops.convert_to_tensor(_PLACES)
    packed = ops.sum(ops.cast(pixels, "int32") * places, axis=-1)
    taken = ops.take_along_axis(ops.reshape(packed, (-1, height * width)), number, axis=1)
    taken = ops.where(inside, taken, int(GREY * _PLACES.sum()))
    colours = ops.cast(taken[..., None] // places % 256, "uint8")
    return ops.reshape(colours, (-1, height, width, 3))


def move_keypoints(keypoints, marks, size):
    """Move poses; fractions of a pixel are cut off. Joints that leave their picture stay visible.

    Args:
        keypoints: (B, 18, 3) float32 y, x, visible.
        marks: (B, 4) float32, rows as `draw` gives them.
        size: (height, width) of the pictures, in pixels.

    Returns:
        (B, 18, 3) float32; missing joints stay as they are.
    """
    keypoints = ops.convert_to_tensor(keypoints)
    points, visible = keypoints[..., :2], keypoints[..., 2:]
    moved = ops.where(visible > 0, ops.trunc(carried(points, marks, size)), points)
    return ops.concatenate([moved, visible], axis=-1)


def carried(points, marks, size):
    """Where points go.

    Args:
        points: (B, N, 2) float32 y, x.
        marks: (B, 4) float32, rows as `draw` gives them.
        size: (height, width) of the pictures, in pixels.

    Returns:
        (B, N, 2) float32 y, x. Marks of 0, 0, 0, 1 leave whole and half numbers exactly as they are.
    """
    cosine, sine, centre, shift, scale = _parts(marks, size)
    y, x = ops.split(ops.convert_to_tensor(points) - centre, 2, axis=-1)
    return ops.concatenate([sine * x + cosine * y, cosine * x - sine * y], axis=-1) * scale + centre + shift


def carried_back(points, marks, size):
    """Where points come from: the inverse of `carried`."""
    cosine, sine, centre, shift, scale = _parts(marks, size)
    y, x = ops.split((ops.convert_to_tensor(points) - centre - shift) / scale, 2, axis=-1)
    return ops.concatenate([cosine * y - sine * x, sine * y + cosine * x], axis=-1) + centre


def _parts(marks, size):
    """Cosine, sine (B, 1, 1), centre (2,), shift (B, 1, 2) y, x, and scale (B, 1, 1)."""
    angle, right, down, scale = ops.split(ops.convert_to_tensor(marks)[:, None], 4, axis=-1)
    angle = angle * (np.pi / 180)
    centre = ops.convert_to_tensor(np.float32(size) / 2 + 0.5)
    return ops.cos(angle), ops.sin(angle), centre, ops.concatenate([down, right], axis=-1), scale

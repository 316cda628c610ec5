"""Parts moved from box to box by plain loops."""

import numpy as np
import pytest


def resampled(patch, height, width):
    """A patch (h, w, C) stretched to a size, corner pixels on corner pixels."""
    for axis, length in ((0, height), (1, width)):
        last = patch.shape[axis] - 1
        places = np.linspace(0, last, length) if length > 1 else np.array([last])
        low = np.floor(places + 1e-9).astype(int)
        share = (places - low).reshape([-1 if a == axis else 1 for a in range(3)])
        patch = patch.take(low, axis) * (1 - share) + patch.take(np.minimum(low + 1, last), axis) * share
    return patch


def by_torch(patch, height, width):
    """The same by PyTorch's own sampling."""
    torch = pytest.importorskip("torch")

    # The grid from -1 to 1; of a single row or column, 1.
    axes = [torch.linspace(-1, 1, n) if n > 1 else torch.ones(1) for n in (height, width)]
    y, x = torch.meshgrid(*axes, indexing="ij")
    sampled = torch.nn.functional.grid_sample(
        torch.from_numpy(patch.transpose(2, 0, 1).copy())[None],
        torch.stack([x, y], dim=-1)[None],
        mode="bilinear",
        padding_mode="zeros",
        align_corners=True,
    )
    return sampled[0].numpy().transpose(1, 2, 0)


def plain_transfer(maps, source, target, stride, resample):
    """What `BoxTransfer` says it does, for arrays.

    Args:
        maps: (B, h, w, C).
        source, target: (B, parts, 4) x1, y1, x2, y2.
        stride: pixels of the picture to one of the map.
        resample: `resampled` or `by_torch`.

    Returns:
        (B, h, w, C).
    """
    out = np.zeros_like(maps)
    for item in range(len(maps)):
        for box, place in zip(source[item], target[item], strict=True):
            (a, b, c, d), (e, f, g, h) = (np.floor(x / stride + 0.5).astype(int) for x in (box, place))
            if min(c - a, d - b, g - e, h - f) > 0:
                copy = resample(maps[item, b:d, a:c], h - f, g - e)
                out[item, f:h, e:g] = np.maximum(out[item, f:h, e:g], copy)
    return out

"""What networks are shown of a pose, over the picture: heat maps, discs and masks, and limbs placed in another pose."""

from dataclasses import dataclass

import numpy as np
from keras import ops
from PIL import Image

from pgig.evaluate.values import to_grid_pixels
from pgig.generate.draw_skeleton import scaled
from pgig.layers.warp import AffineWarp
from pgig.methods.pictures import part_picture
from pgig.pose.body_masks import disc_mask
from pgig.pose.discs import disc_maps
from pgig.pose.joints import COLOURS
from pgig.pose.limbs import limb_masks, limb_transforms
from pgig.pose.maps import heat_maps

# Discs and bumps have sizes in pixels, meant for pictures of 128 or 256 rows. Larger ones are reduced to this first.
_ROWS = 256

_DIMMED = 0.4


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture as it is looked at, with its pose.

    Attributes:
        pixels: (H, W, 3) uint8.
        keypoints: (18, 3) y, x, visible in its pixels.
        rows: height of the picture before it was enlarged to be looked at.
    """

    pixels: np.ndarray
    keypoints: np.ndarray
    rows: int

    @property
    def size(self):
        """(height, width) in pixels."""
        return self.pixels.shape[:2]

    def as_networks_see(self):
        """Keypoints (1, 18, 3) and size (h, w) at the scale of networks."""
        factor = min(self.rows, _ROWS) / self.size[0]
        size = tuple(max(1, round(length * factor)) for length in self.size)
        return scaled(self.keypoints, np.divide(size, self.size))[None], size


def heat(scene):
    """The 18 heat maps (Gaussians, standard deviation 6 pixels), each in its joint's colour: (H, W, 3) uint8."""
    keypoints, size = scene.as_networks_see()
    maps = ops.convert_to_numpy(heat_maps(keypoints, size, form="gaussian"))[0]
    share = maps.max(axis=-1)
    # The mean colour where bumps overlap; the faint tails of all others do not count.
    weights = maps**2
    colour = weights @ np.float32(COLOURS) / np.maximum(weights.sum(axis=-1, keepdims=True), 1e-12)
    smooth = Image.Resampling.BILINEAR
    share, colour = _enlarged(255 * share, scene.size, smooth) / 255, _enlarged(colour, scene.size, smooth)
    return _blend(_dim(scene.pixels), colour, 0.9 * share[..., None])


def limbs(scene):
    """The regions of head and limbs in the deformable skip connections, each in a colour: (H, W, 3) uint8.

    The tenth region is the whole picture.
    """
    masks = limb_masks(scene.keypoints[None], scene.size)[:, 1:]
    colour = to_grid_pixels(ops.convert_to_numpy(part_picture(masks)))[0]
    covered = ops.convert_to_numpy(masks)[0].any(axis=0)
    return _blend(_dim(scene.pixels), colour, 0.65 * covered[..., None])


def mask(scene):
    """The body's mask of PG2, bright, and the discs of radius 4 on the joints: (H, W, 3) uint8."""
    keypoints, size = scene.as_networks_see()
    body = _enlarged(ops.convert_to_numpy(disc_mask(keypoints, size))[0, ..., 0], scene.size)[..., None]
    lit = _blend(_dim(scene.pixels), _blend(scene.pixels, np.float32([255, 255, 255]), 0.3), body)
    discs = ops.convert_to_numpy(disc_maps(keypoints, size))[0] > 0
    # A later joint covers an earlier one.
    number = np.where(discs.any(axis=-1), 18 - discs[..., ::-1].argmax(axis=-1), 0)
    number = _enlarged(number, scene.size).astype(int)
    colours = np.concatenate([np.zeros((1, 3)), COLOURS])
    return _blend(lit, colours[number], 0.85 * (number > 0)[..., None])


def warp(scene, target, body=False):
    """The source picture's head and limbs where the deformable skip connections place them.

    Args:
        scene: the source.
        target: (18, 3) y, x, visible of the target pose, in pixels of the scene.
        body: whether the copy of the whole body lies with them, as networks get it; the brightest copy is seen.

    Returns:
        (H, W, 3) uint8, black where nothing is placed.
    """
    first = 0 if body else 1
    transforms = limb_transforms(scene.keypoints[None], target[None], fit="ordinary")[:, first:]
    masks = limb_masks(target[None], scene.size)[:, first:]
    placed = AffineWarp(scene.size)([np.float32(scene.pixels[None]) / 255, transforms, masks])
    return np.rint(255 * ops.convert_to_numpy(placed)[0]).astype(np.uint8)


def _enlarged(values, size, how=Image.Resampling.NEAREST):
    """(h, w) or (h, w, 3) numbers to a size, float32."""
    planes = np.float32(values).reshape(*values.shape[:2], -1)
    done = [np.asarray(Image.fromarray(planes[..., plane]).resize(size[::-1], how)) for plane in range(planes.shape[2])]
    return np.stack(done, axis=-1).reshape(*size, *values.shape[2:])


def _dim(pixels):
    """The picture nearer to its mean brightness, so that colours stand out before it."""
    grey = np.float32(pixels).mean(axis=-1, keepdims=True)
    return _blend(pixels, _DIMMED * grey, 0.7)


def _blend(ground, colour, share):
    mixed = np.float32(ground) * (1 - share) + np.float32(colour) * share
    return np.rint(mixed.clip(0, 255)).astype(np.uint8)

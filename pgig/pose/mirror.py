"""Mirroring of training pairs, on the device: pictures, backgrounds and poses alike."""

from keras import ops

from pgig.pose.joints import FLIP


def mirror_batch(batch):
    """Mirror those pictures of a batch that were drawn for it, left to right.

    Args:
        batch: dict of arrays, among them `source_pixels`, `source_keypoints`, `target_pixels`,
            `target_keypoints`, and perhaps `source_flip`, `target_flip` (B,) int32: 0 leaves a picture as it
            is; 1 mirrors it and exchanges left and right joints, as the mirrored person has them; 2 mirrors
            without the exchange, as `budui/Human-Pose-Transfer` did.

    Returns:
        The batch itself when it has none of the two; else a new dict without them, pixels, background (where
        there is one) and keypoints of either side mirrored. Types stay; missing joints stay as they are.
    """
    sides = [side for side in ("source", "target") if f"{side}_flip" in batch]
    if not sides:
        return batch

    batch = dict(batch)
    for side in sides:
        flip = ops.convert_to_tensor(batch.pop(f"{side}_flip"))
        width = batch[f"{side}_pixels"].shape[2]
        for name in (f"{side}_pixels", f"{side}_background"):
            if name in batch:
                batch[name] = _mirror_pictures(batch[name], flip)
        batch[f"{side}_keypoints"] = mirror_keypoints(batch[f"{side}_keypoints"], flip, width)
    return batch


def mirror_keypoints(keypoints, flip, width):
    """Mirror poses: column x becomes width - 1 - x.

    Args:
        keypoints: (B, 18, 3) y, x, visible.
        flip: (B,) integers, as in `mirror_batch`.
        width: of the pictures, in pixels.

    Returns:
        (B, 18, 3), type of `keypoints`.
    """
    keypoints, flip = ops.convert_to_tensor(keypoints), ops.convert_to_tensor(flip)[:, None, None]
    y, x, visible = ops.split(keypoints, 3, axis=-1)
    mirrored = ops.concatenate([y, ops.where(visible > 0, width - 1 - x, x), visible], axis=-1)
    exchanged = ops.take(mirrored, FLIP, axis=1)
    return ops.where(flip == 0, keypoints, ops.where(flip == 1, exchanged, mirrored))


def _mirror_pictures(pictures, flip):
    """Mirror (B, H, W, C) where `flip` (B,) is not 0."""
    pictures = ops.convert_to_tensor(pictures)
    return ops.where(flip[:, None, None, None] == 0, pictures, ops.flip(pictures, axis=2))

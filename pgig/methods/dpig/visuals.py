"""Pictures of what DPIG's networks know: reconstructions, and samples of one factor alone."""

from keras import ops

from pgig.methods.pictures import grey_picture
from pgig.pose.coordinates import from_normalised
from pgig.pose.discs import disc_maps

# Samples of each factor.
_APPEARANCES, _POSES = 2, 4


def visuals(method, inputs):
    """What `Dpig.visuals` returns: {title: (B, h, w, 3) in [-1, 1]}."""
    return _appearances(method, inputs) if method.draws else _poses(method, inputs)


def pose_picture(keypoints, size):
    """All discs of poses (B, 18, 3) in one picture (B, H, W, 3) each, white on black."""
    return grey_picture(ops.max(disc_maps(keypoints, size), axis=-1, keepdims=True), -1.0, 1.0)


def _poses(method, inputs):
    places = ops.reshape(inputs["target_places"], (-1, inputs["target_places"].shape[1] // 3, 3))
    target = from_normalised(places[..., :2], places[..., 2], method.size)
    shown = {"target pose": pose_picture(target, method.size)}
    for number in range(_POSES if method.sampled else 0):
        sampled = method.mapped({"pose": method.fixed_noise("pose", number, places)})
        shown[f"sampled pose {number + 1}"] = pose_picture(method.decoded_pose(sampled["pose"]), method.size)
    return shown


def _appearances(method, inputs):
    codes = method.encode(inputs)
    shown = {
        "reconstruction": ops.clip(method.decoded(codes, inputs["pose"]), -1.0, 1.0),
        "body mask": grey_picture(inputs["mask"], 0.0, 1.0),
    }
    for factor in (factor for factor in method.appearance if factor in method.sampled):
        for number in range(_APPEARANCES):
            sampled = method.mapped({factor.name: method.fixed_noise(factor.name, number, inputs["mask"])})
            image = ops.clip(method.decoded(codes | sampled, inputs["pose"]), -1.0, 1.0)
            shown[f"sampled {factor.title} {number + 1}"] = image
    return shown

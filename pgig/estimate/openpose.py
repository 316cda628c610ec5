"""The OpenPose network (Cao et al., CVPR 2017), as in the Keras conversion of its COCO weights.

A VGG19 front end of ten convolutions, then six stages of two branches: part-affinity fields (38 channels) and joint
heat maps (19 channels, the last one the background), at an eighth of the picture's size.
"""

import keras
from keras import layers, ops

from pgig.errors import WeightsError
from pgig.weights import keras_h5

JOINTS = 18
_FIELDS, _HEAT_MAPS = 38, 19
_FRONT = (
    ("conv1_1", 64), ("conv1_2", 64), "pool1_1",
    ("conv2_1", 128), ("conv2_2", 128), "pool2_1",
    ("conv3_1", 256), ("conv3_2", 256), ("conv3_3", 256), ("conv3_4", 256), "pool3_1",
    ("conv4_1", 512), ("conv4_2", 512), ("conv4_3_CPM", 256), ("conv4_4_CPM", 128),
)  # fmt: skip


def build_estimator():
    """The network: `keras.Model` from BGR pictures (B, H, W, 3) in [-0.5, 0.5] to [fields, heat maps]."""
    picture = keras.Input((None, None, 3), name="picture")
    x = picture
    for step in _FRONT:
        x = layers.MaxPooling2D(name=step)(x) if isinstance(step, str) else _conv(x, *step, 3)
    features, stages = x, 6
    for stage in range(1, stages + 1):
        branches = [_branch(x, stage, branch, out) for branch, out in ((1, _FIELDS), (2, _HEAT_MAPS))]
        x = layers.Concatenate(name=f"stage{stage + 1}_input")([*branches, features]) if stage < stages else None
    return keras.Model(picture, branches, name="pose_estimator")


def load_estimator(path):
    """Build the network and load a Keras 2 `.h5` file of it by layer names.

    Args:
        path: the file, usually `pose_estimator.h5`.

    Raises:
        WeightsError: the file is missing, unreadable, or not of this network.
    """
    tensors, _ = keras_h5.read(path)
    given = {name.split("/", 1)[0] + "/" + name.rsplit("/", 1)[1].removesuffix(":0"): array for name, array in tensors}
    model = build_estimator()
    entries = [(f"{layer.name}/{variable.name}", variable) for layer in model.layers for variable in layer.weights]
    missing = [name for name, _ in entries if name not in given]
    extra = sorted(set(given) - {name for name, _ in entries})
    if missing or extra:
        raise WeightsError(
            f"{path} is not the OpenPose network: missing {', '.join(missing[:4]) or 'nothing'}"
            f" ({len(missing)}), not known {', '.join(extra[:4]) or 'nothing'} ({len(extra)})."
        )
    tensors = [(name, given[name]) for name, _ in entries]
    keras_h5.assign([(name, name, variable) for name, variable in entries], tensors, path, "pose estimator")
    model.trainable = False
    return model


def joint_maps(model, image):
    """Heat maps (B, H/8, W/8, 18) that the estimator gives for RGB images in [-1, 1]."""
    _, heat_maps = model(ops.flip(image, axis=-1) / 2.0, training=False)
    return heat_maps[..., :JOINTS]


def _conv(x, name, channels, size, activation="relu"):
    return layers.Conv2D(channels, size, padding="same", activation=activation, name=name)(x)


def _branch(x, stage, branch, out):
    """Convolutions of one branch of one stage; the first stage is smaller than the others."""
    if stage == 1:
        steps = [(f"conv5_{i}_CPM_L{branch}", 128, 3) for i in (1, 2, 3)] + [(f"conv5_4_CPM_L{branch}", 512, 1)]
        last = f"conv5_5_CPM_L{branch}"
    else:
        steps = [(f"Mconv{i}_stage{stage}_L{branch}", 128, 7 if i < 6 else 1) for i in range(1, 7)]
        last = f"Mconv7_stage{stage}_L{branch}"
    for name, channels, size in steps:
        x = _conv(x, name, channels, size)
    return _conv(x, last, out, 1, activation=None)

"""The generator of PATN_Fine, which sees the source picture's parts where they belong in the target.

The authors published it after the paper, on the branch PATN_Fine of `tengteng95/Pose-Transfer`; layers as in its
`models/model_variants.py`. `fine_weights.py` says which numbers they have in the published state file.
"""

import keras
from keras import layers

from pgig.layers.box_transfer import BoxTransfer
from pgig.methods.patn.networks import Parts, encoder, generator_inputs, residual_branch, to_picture, transfer_block
from pgig.pose.part_boxes import PARTS

# Residual blocks in each level of the decoder.
_RESIDUALS = 3


def build_fine_generator(config, size):
    """The generator: the streams of PATN, and a decoder that gets the moved maps of the picture's encoder.

    Args:
        config: `PatnConfig`. Normalisation is that of the batch whatever `norm` says, as on the branch of the published
            file.
        size: (height, width) in pixels, as `pgig.methods.patn.networks.require_size` has them.

    Returns:
        `keras.Model` of {"source_image": (B, H, W, 3), "source_pose": (B, H, W, 18), "target_pose": the same,
        "source_boxes": (B, 7, 4), "target_boxes": the same, of `pgig.pose.part_boxes`} -> image (B, H, W, 3) in
        [-1, 1]. Layers `moved1` ... are the moved maps, coarse to fine.
    """
    part = Parts("batch", config.init_type)
    inputs = generator_inputs(size)
    names = ("source_boxes", "target_boxes")
    boxes = {name: keras.Input((len(PARTS), 4), name=name, dtype="float32") for name in names}
    inputs |= boxes
    poses = layers.Concatenate(name="poses")([inputs["source_pose"], inputs["target_pose"]])
    x1 = encoder(part, inputs["source_image"], config.ngf, config.G_n_downsampling, "stream1_down")
    down = keras.Model(inputs["source_image"], x1)
    x2 = encoder(part, poses, config.ngf, config.G_n_downsampling, "stream2_down")
    blocks = config.value("n_blocks", size)
    for number in range(blocks):
        x1, x2 = transfer_block(part, x1, x2, f"att{number}", not config.no_dropout, number == blocks - 1)

    levels = config.G_n_downsampling + 1
    for number in range(1, levels + 1):
        kept = down.get_layer(f"stream1_down{levels - number + 1}_act").output
        moved = BoxTransfer(2 ** (levels - number), name=f"moved{number}")([kept, *boxes.values()])
        x1 = _level(part, layers.Concatenate(name=f"stream1_up{number}_in")([x1, moved]), number, number == levels)
    return keras.Model(inputs, to_picture(part, x1, "picture"), name="generator")


def _level(part, x, number, last):
    """Residual blocks, and a doubling to a quarter of the channels; on the last level a convolution to half of them."""
    name = f"stream1_up{number}"
    for block in range(_RESIDUALS):
        y = residual_branch(part, x, f"{name}_block{block}", dropout=False)
        x = layers.Add(name=f"{name}_block{block}")([x, y])
    x = layers.ReLU(name=f"{name}_blocks_act")(x)
    if last:
        x = part.conv(layers.ZeroPadding2D(1, name=f"{name}_pad")(x), x.shape[-1] // 2, 3, name)
    else:
        x = part.up(x, x.shape[-1] // 4, name)
    return layers.ReLU(name=f"{name}_act")(x)

"""Patches of a map at positions that a flow displaces, laid out side by side.

Ren et al., "Deep Image Spatial Transformation for Person Image Generation", CVPR 2020, section 3.3; the operator
`block_extractor` of RenYurui/Global-Flow-Local-Attention.
"""

import keras
from keras import ops

from pgig.errors import OptionsError
from pgig.layers import weighted_gather as gather


def block_extractor(source, flow, kernel):
    """Read a patch of kernel x kernel samples around every displaced position.

    Sample (a, b) of the patch of pixel (y, x) lies at row kernel * y + a and column kernel * x + b of the result. It is
    the bilinear mean of the four pixels around (y + flow_y + a - kernel // 2, x + flow_x + b - kernel // 2). Outside
    the map every pixel is the nearest one of the border, at any distance.

    Args:
        source: (B, Hs, Ws, C) float.
        flow: (B, H, W, 2) float, x then y, in pixels of the source.
        kernel: side of a patch, from 1 on.

    Returns:
        (B, kernel * H, kernel * W, C), dtype of `source`. Gradients reach the source and the flow: at a whole position
        the flow's is that to the right of it, and where both neighbours are the same pixel it is zero. A flow that is
        not a number gives patches that are not.

    Raises:
        OptionsError: a kernel below 1.
    """
    check_kernel(kernel)
    height, width = flow.shape[1:3]
    size = source.shape[1:3]
    y, x = (position[:, :, None, :, None] for position in gather.positions(flow))
    offsets = ops.arange(kernel, dtype=y.dtype) - kernel // 2
    y = ops.repeat(y + offsets[:, None, None], kernel, axis=4)
    x = ops.repeat(x + offsets, kernel, axis=2)

    y, y_weights = gather.neighbours(*gather.split_position(y, size[0], margin=1))
    x, x_weights = gather.neighbours(*gather.split_position(x, size[1], margin=1))
    rows, weights = gather.table_rows(y, x, size), gather.tap_weights(y_weights, x_weights)
    patches = gather.weighted_gather(source, rows, weights)
    return ops.reshape(patches, (-1, kernel * height, kernel * width, source.shape[-1]))


def check_kernel(kernel):
    """Raise an `OptionsError` unless `kernel` is a whole number of at least one."""
    if not isinstance(kernel, int) or kernel < 1:
        raise OptionsError(f"The patches of an attention layer have side {kernel!r}: choose a whole number from 1 on.")


@keras.saving.register_keras_serializable(package="pgig")
class BlockExtractor(keras.layers.Layer):
    """`block_extractor` as a layer: call([source, flow]).

    Args:
        kernel: side of a patch.

    Raises:
        OptionsError: a kernel below 1.
    """

    def __init__(self, kernel, **kwargs):
        # Positions need float32 whatever the policy says; the map alone is cast.
        super().__init__(autocast=False, **kwargs)
        check_kernel(kernel)
        self.kernel = kernel

    def call(self, inputs):
        source, flow = inputs
        return block_extractor(ops.cast(source, self.compute_dtype), flow, self.kernel)

    def compute_output_shape(self, input_shape):
        (batch, *_, channels), (_, height, width, _) = input_shape
        return (batch, self.kernel * height, self.kernel * width, channels)

    def get_config(self):
        return {**super().get_config(), "kernel": self.kernel}

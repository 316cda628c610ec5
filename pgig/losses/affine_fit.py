"""Affine regularisation: neighbouring pixels of a flow move together, as parts of a body do.

Ren et al., "Deep Image Spatial Transformation for Person Image Generation", CVPR 2020, section 3.1.
"""

import functools

import numpy as np
from keras import ops

from pgig.errors import OptionsError


def affine_regularisation(flow, kernel):
    """How far the flow is from affine within every window: the squared error that the best affine fit leaves.

    Args:
        flow: (B, H, W, 2) float in pixels, at least as large as a window.
        kernel: side of the windows, from 2 on. All that lie inside count, one pixel apart.

    Returns:
        float32 scalar: the mean over batch and windows of the sum over pixels of the window, x and y added.

    Raises:
        OptionsError: a window of one pixel, or one that is larger than the flow.
    """
    height, width = flow.shape[1:3]
    if not 2 <= kernel <= min(height, width):
        raise OptionsError(
            f"Windows of {kernel} x {kernel} pixels cannot be fitted in a flow of {height} x {width}: choose a kernel "
            f"of 2 to {min(height, width)}."
        )
    # Positions are flow + pixel; the pixel is affine itself and adds nothing but rounding.
    planes = ops.reshape(ops.transpose(ops.cast(flow, "float32"), (0, 3, 1, 2)), (-1, height, width, 1))
    # Nor does the mean, which GPUs that convolve with shorter numbers would turn into most of the result.
    planes = planes - ops.mean(planes, axis=(1, 2), keepdims=True)
    filters = ops.convert_to_tensor(_residual_filters(kernel))
    residuals = ops.conv(planes, filters, strides=1, padding="valid", data_format="channels_last")
    # Planes are twice the batch.
    return 2.0 * ops.mean(ops.sum(ops.square(residuals), axis=-1))


@functools.cache
def _residual_filters(kernel):
    """Orthonormal filters (kernel, kernel, 1, kernel^2 - 3) for all of a window that no affine map explains."""
    rows, columns = np.indices((kernel, kernel)).reshape(2, -1)
    affine = np.stack([rows, columns, np.ones_like(rows)], axis=-1).astype("float64")
    basis, _ = np.linalg.qr(affine, mode="complete")
    return basis[:, 3:].reshape(kernel, kernel, 1, -1).astype("float32")

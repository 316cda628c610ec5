"""Layers that the methods share; importing this package registers them for loading saved models."""

from pgig.layers.batch_norm import BatchNorm
from pgig.layers.instance_norm import InstanceNormalization
from pgig.layers.norm import JointInstanceNormalization
from pgig.layers.reflect import ReflectionPadding2D
from pgig.layers.stn import SpatialTransformer
from pgig.layers.upconv import UpConv2D
from pgig.layers.upconv_3x3 import UpConv3x3
from pgig.layers.warp import AffineWarp

__all__ = [
    "AffineWarp",
    "BatchNorm",
    "InstanceNormalization",
    "JointInstanceNormalization",
    "ReflectionPadding2D",
    "SpatialTransformer",
    "UpConv2D",
    "UpConv3x3",
]

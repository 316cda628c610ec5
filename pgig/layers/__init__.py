"""Layers that the methods share; importing this package registers them for loading saved models."""

from pgig.layers.norm import JointInstanceNormalization
from pgig.layers.stn import SpatialTransformer
from pgig.layers.upconv import UpConv2D
from pgig.layers.warp import AffineWarp

__all__ = ["AffineWarp", "JointInstanceNormalization", "SpatialTransformer", "UpConv2D"]

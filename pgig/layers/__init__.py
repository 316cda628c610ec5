"""Layers that the methods share; importing this package registers them for loading saved models."""

from pgig.layers.batch_norm import BatchNorm
from pgig.layers.block_extractor import BlockExtractor
from pgig.layers.box_transfer import BoxTransfer
from pgig.layers.instance_norm import InstanceNormalization
from pgig.layers.local_attention import LocalAttention
from pgig.layers.local_attn_reshape import LocalAttnReshape
from pgig.layers.norm import JointInstanceNormalization
from pgig.layers.reflect import ReflectionPadding2D
from pgig.layers.resample2d import Resample2D
from pgig.layers.roi_crop import JoinBoxes, RoiCrop
from pgig.layers.spectral import SpectralConv2D
from pgig.layers.stn import SpatialTransformer
from pgig.layers.upconv import UpConv2D
from pgig.layers.upconv_3x3 import UpConv3x3
from pgig.layers.vector_conv import VectorConv2D
from pgig.layers.warp import AffineWarp

__all__ = [
    "AffineWarp",
    "BatchNorm",
    "BlockExtractor",
    "BoxTransfer",
    "InstanceNormalization",
    "JoinBoxes",
    "JointInstanceNormalization",
    "LocalAttention",
    "LocalAttnReshape",
    "ReflectionPadding2D",
    "Resample2D",
    "RoiCrop",
    "SpatialTransformer",
    "SpectralConv2D",
    "UpConv2D",
    "UpConv3x3",
    "VectorConv2D",
]

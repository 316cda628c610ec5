"""What a pose is, where it is stored, and how it becomes pictures, masks and transforms.

Names are looked up on first use, so that reading an annotation table does not import Keras.
"""

import importlib

_MODULES = {
    "files": ("AnnotationTable", "read_annotations", "write_annotations"),
    "check": ("describe_problems", "is_valid", "outside"),
    "maps": ("heat_maps", "peaks"),
    "discs": ("disc_indices", "disc_maps"),
    "body_masks": ("capsule_mask", "disc_mask"),
    "augment": ("augment_batch",),
    "mirror": ("mirror_batch", "mirror_keypoints"),
    "canonical": ("CanonicalPoses", "find_canonical_poses", "read_canonical_poses", "write_canonical_poses"),
    "stick": ("stick_figure",),
    "limbs": ("body_transform", "limb_masks", "limb_transforms"),
    "affine": ("fit_affine",),
    "raster": ("fill_polygons",),
    "draw": ("draw_skeleton",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)

"""Single pictures as JPEG files."""

from PIL import Image

from pgig.utils.files import atomic_path

# What the original wrote: Pillow's defaults.
QUALITY, SUBSAMPLING = 75, "4:2:0"


def write_jpeg(path, pixels):
    """Write a picture as a JPEG of quality 75, atomically.

    Args:
        path: the file.
        pixels: (H, W, 3) uint8.

    Raises:
        StorageError: the file cannot be written.
    """
    with atomic_path(path) as temporary:
        Image.fromarray(pixels).save(temporary, format="JPEG", quality=QUALITY, subsampling=SUBSAMPLING)

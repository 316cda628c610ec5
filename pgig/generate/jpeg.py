"""Single pictures as JPEG files."""

from io import BytesIO

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
    encoded = BytesIO()
    Image.fromarray(pixels).save(encoded, format="JPEG", quality=QUALITY, subsampling=SUBSAMPLING)
    # Not by Pillow itself: where the disk is full, it leaves half a picture and says nothing.
    with atomic_path(path) as temporary:
        temporary.write_bytes(encoded.getvalue())

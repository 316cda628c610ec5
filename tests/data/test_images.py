import io

import numpy as np
import pytest
from PIL import Image

from pgig.data.images import decode, encoded_rgb, is_image, list_images, read_bytes, resize_bilinear
from pgig.errors import DataError

RNG = np.random.default_rng(1)
PIXELS = RNG.integers(0, 256, (12, 20, 3), dtype=np.uint8)


def encode(picture, form, **options):
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def test_decode_gives_row_column_channel():
    assert (decode(encode(Image.fromarray(PIXELS), "PNG"), (12, 20), "a.png") == PIXELS).all()


def test_orientation_in_exif_is_not_applied():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encode(Image.fromarray(PIXELS), "JPEG", exif=exif)
    assert decode(data, (12, 20), "a.jpg").shape == (12, 20, 3)


def test_wrong_size_names_file_and_both_sizes():
    with pytest.raises(DataError, match=r"a\.png is 12 x 20 .* 128 x 64"):
        decode(encode(Image.fromarray(PIXELS), "PNG"), (128, 64), "a.png")


@pytest.mark.parametrize(
    "form, mode",
    [("JPEG", mode) for mode in ("RGB", "L", "CMYK")]
    + [("PNG", mode) for mode in ("RGB", "L", "P", "RGBA", "LA", "1", "I;16")]
    + [("BMP", mode) for mode in ("RGB", "L", "P", "RGBA", "1")],
)
def test_every_kind_of_picture_reaches_tensorflow_with_the_same_pixels(form, mode):
    import tensorflow as tf

    if mode == "I;16":
        picture = Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 200)
    else:
        picture = Image.fromarray(PIXELS).convert(mode)
    data = encode(picture, form)
    ours = decode(data, (12, 20), "a")
    theirs = tf.io.decode_jpeg(encoded_rgb(data, (12, 20), "a"), channels=3, dct_method="INTEGER_ACCURATE")
    assert (theirs.numpy() == ours).all()


def test_colour_jpeg_bytes_are_kept():
    data = encode(Image.fromarray(PIXELS), "JPEG")
    assert encoded_rgb(data, None, "a.jpg") is data


def test_any_bytes_give_pixels_or_a_data_error():
    for form in ("JPEG", "PNG", "BMP"):
        data = encode(Image.fromarray(PIXELS), form)
        for trial in range(150):
            damaged = bytearray(data)
            for place in RNG.integers(0, len(data), 1 + trial % 4):
                damaged[place] = RNG.integers(256)
            damaged = bytes(damaged[: None if trial % 3 else RNG.integers(len(data))])
            try:
                assert decode(damaged, (12, 20), "a").shape == (12, 20, 3)
            except DataError as error:
                assert "a " in str(error)


def test_only_pictures_are_listed(tmp_path):
    for name in ("b.JPG", "a.png", "Thumbs.db", "c.jpeg", "d.bmp", "e.jpg.txt"):
        (tmp_path / name).touch()
    assert list_images(tmp_path) == ["a.png", "b.JPG", "c.jpeg", "d.bmp"]
    assert list_images(tmp_path / "absent") == []
    assert not is_image("jpg")


def test_missing_file_is_one_sentence():
    with pytest.raises(DataError, match=r"absent\.jpg cannot be read"):
        read_bytes("absent.jpg")


def test_resize_averages_neighbours_and_truncates():
    column = np.array([0, 3, 10, 21], np.uint8).reshape(4, 1, 1)
    assert resize_bilinear(column, (2, 1)).ravel().tolist() == [1, 15]
    assert (resize_bilinear(PIXELS, PIXELS.shape[:2]) == PIXELS).all()

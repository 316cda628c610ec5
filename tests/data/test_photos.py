import io

import numpy as np
import pytest
from PIL import Image

from pgig.data.photos import is_turned, list_photos, read_photo
from pgig.errors import DataError

# Four fields of colour: top left red, top right green, bottom left blue, bottom right white.
CORNERS = np.array([[(255, 0, 0), (0, 255, 0)], [(0, 0, 255), (255, 255, 255)]], np.uint8)


def fields(height=40, width=60):
    return np.repeat(np.repeat(CORNERS, height // 2, axis=0), width // 2, axis=1)


def corners(pixels):
    """The colour in the middle of each quarter."""
    height, width = pixels.shape[:2]
    return pixels[[height // 4, -height // 4]][:, [width // 4, -width // 4]].astype(int)


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.gif", "a.webp", "a.tif", "a.jpg", "a.ppm", "a.tga"])
def test_usual_formats(tmp_path, name):
    Image.fromarray(fields()).save(tmp_path / name, quality=95)
    pixels = read_photo(tmp_path / name)
    assert pixels.shape == (40, 60, 3) and pixels.dtype == np.uint8
    np.testing.assert_allclose(corners(pixels), CORNERS, atol=8)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_is_upright(tmp_path, orientation):
    """Pillow's own function that turns pictures, run backwards, makes the file."""
    # How the upright picture must be stored: 6 and 8 are each other's inverse, all others their own.
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    picture = Image.fromarray(fields())
    stored = picture.transpose(turn[orientation]) if orientation in turn else picture
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.jpg", quality=95, exif=exif)
    pixels = read_photo(tmp_path / "a.jpg")
    assert pixels.shape == (40, 60, 3)
    np.testing.assert_allclose(corners(pixels), CORNERS, atol=8)
    assert is_turned(tmp_path / "a.jpg") == (orientation > 1)


def test_damaged_exif_is_passed_over(tmp_path):
    Image.fromarray(fields()).save(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert read_photo(tmp_path / "a.jpg").shape == (40, 60, 3)
    assert not is_turned(tmp_path / "a.jpg")


def test_transparency_lies_over_white(tmp_path):
    clear = np.dstack([fields(), np.zeros((40, 60), np.uint8)])
    clear[:, :30, 3] = 255
    Image.fromarray(clear).save(tmp_path / "rgba.png")
    expected = CORNERS.astype(int)
    expected[0, 1] = 255
    np.testing.assert_array_equal(corners(read_photo(tmp_path / "rgba.png")), expected)

    palette = Image.fromarray(np.repeat(np.uint8([[0, 1]]), 20, axis=1).repeat(40, axis=0), "P")
    palette.putpalette([255, 0, 0, 0, 255, 0])
    palette.save(tmp_path / "p.png", transparency=1)
    assert corners(read_photo(tmp_path / "p.png"))[0].tolist() == [[255, 0, 0], [255, 255, 255]]


def test_grey_and_deep_pictures(tmp_path):
    ramp = np.linspace(0, 255, 40 * 60).reshape(40, 60)
    Image.fromarray(ramp.astype(np.uint8)).save(tmp_path / "grey.png")
    Image.fromarray((ramp * 257).astype(np.uint16)).save(tmp_path / "deep.png")
    Image.fromarray((ramp * 257).astype(np.int32)).save(tmp_path / "long.tif")
    Image.fromarray(fields()).convert("CMYK").save(tmp_path / "print.jpg", quality=95)
    for name in ("grey.png", "deep.png", "long.tif"):
        pixels = read_photo(tmp_path / name)
        np.testing.assert_allclose(pixels, np.repeat(ramp[..., None], 3, axis=2), atol=1.01)
    np.testing.assert_allclose(corners(read_photo(tmp_path / "print.jpg")), CORNERS, atol=12)


def test_of_an_animation_the_first_frame_is_taken(tmp_path):
    frames = [Image.fromarray(fields()), Image.new("RGB", (60, 40))]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(corners(read_photo(tmp_path / "a.gif")), CORNERS)


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_a_large_photo_is_reduced(tmp_path, name):
    Image.fromarray(fields(400, 900)).save(tmp_path / name, quality=95)
    pixels = read_photo(tmp_path / name, longest=90)
    assert pixels.shape == (40, 90, 3)
    np.testing.assert_allclose(corners(pixels), CORNERS, atol=8)
    assert read_photo(tmp_path / name, longest=900).shape == (400, 900, 3)


def bomb():
    """A PNG file of a few kilobytes that unpacks to more than may be."""
    file = io.BytesIO()
    Image.new("1", (11_000, 11_000)).save(file, "PNG")
    return file.getvalue()


def picture_of(size):
    file = io.BytesIO()
    Image.new("RGB", size).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    "content, sentence",
    [
        (b"", "empty file"),
        (b"no picture at all", "not a readable picture"),
        (picture_of((60, 60))[:60], "not a readable picture"),
        (picture_of((60, 15)), "15 x 60 pixels"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "HEIC"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n", "not a readable picture"),
    ],
)
def test_what_is_no_photo_is_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError, match=sentence) as caught:
        read_photo(path)
    assert str(path) in str(caught.value)


def test_too_many_pixels_and_strange_files_are_refused(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(bomb())
    with pytest.raises(DataError, match="11000 x 11000 pixels"):
        read_photo(path)
    Image.fromarray(np.zeros((40, 40), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match="fractions"):
        read_photo(tmp_path / "a.tif")
    for strange, sentence in ((tmp_path, "not a plain file"), (tmp_path / "absent.jpg", "cannot be read")):
        with pytest.raises(DataError, match=sentence):
            read_photo(strange)


def test_random_damage_is_one_sentence(tmp_path):
    random, path = np.random.default_rng(0), tmp_path / "a"
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"):
        file = io.BytesIO()
        Image.fromarray(fields()).save(file, kind)
        for _ in range(20):
            data = np.frombuffer(file.getvalue(), np.uint8).copy()
            places = random.integers(0, min(len(data), 400), 6)
            data[places] = random.integers(0, 256, 6)
            path.write_bytes(data.tobytes())
            try:
                assert read_photo(path).dtype == np.uint8
            except DataError as error:
                assert str(path) in str(error)


def test_photos_of_a_folder(tmp_path):
    for name in ("b.JPG", "a.webp", "sub/c.png", "sub/deeper/d.jpeg", ".hidden.jpg", ".folder/e.jpg", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert list_photos(tmp_path) == [tmp_path / "a.webp", tmp_path / "b.JPG"]
    nested = [path.relative_to(tmp_path).as_posix() for path in list_photos(tmp_path, recursive=True)]
    assert nested == ["a.webp", "b.JPG", "sub/c.png", "sub/deeper/d.jpeg"]
    with pytest.raises(DataError, match="is no folder"):
        list_photos(tmp_path / "absent")

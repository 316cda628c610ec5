"""`python -m pgig interpolate`: inversion, the way between two pictures, the files, and mistakes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from pgig.generate.factors import Painter, decode_poses, encode, map_noise
from pgig.generate.interpolate import between, linear, slerp
from pgig.generate.invert import invert
from pgig.generate.sources import open_pictures
from tests.conftest import files, match
from tests.generate.factored_weights import build, flags, save

SIZE = (128, 64)
ENDS = ["0001_c0.jpg", "0003_c1.jpg"]


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """(options, method, {file: path}) of untrained networks."""
    options, method = build()
    return options, method, save(method, options, tmp_path_factory.mktemp("weights"))


def frames():
    return np.stack([np.asarray(Image.open(path)).astype(int) for path in sorted(Path("out").glob("frame_*.png"))])


def test_noise_is_found_again(networks):
    options, method, _ = networks
    random = np.random.default_rng(0)
    noise = {f.name: np.float32(method.deviation * random.standard_normal((2, f.size))) for f in method.factors}
    codes = map_noise(method, options, noise)
    found, errors = invert(method, codes, 300)
    again = map_noise(method, options, found)
    for name, code in codes.items():
        left = np.linalg.norm(again[name] - code, axis=1) / np.linalg.norm(code, axis=1)
        np.testing.assert_allclose(errors[name], left, rtol=1e-2)
        # Of an untrained mapping, the descent may end in a hollow beside the noise.
        assert left.min() < 0.1 and left.max() < 0.5
    # Each picture and factor is searched for by itself. A code of zeros, as that of a person of whom nothing is seen,
    # has no length to compare with.
    name = method.factors[0].name
    alone, errors = invert(method, {name: np.stack([codes[name][1], 0 * codes[name][1]])}, 300)
    np.testing.assert_allclose(alone[name][0], found[name][1], atol=1e-2)
    assert np.isfinite(errors[name]).all()


def test_between_two_pictures(tiny, program, networks):
    options, method, paths = networks
    words = [*ENDS, *flags(paths, "generator", "pose"), "-o", "out", "--frames", "4", "--inversion_steps", "60"]
    result = program("interpolate", *words)
    assert result.code == 0, result.err
    assert match("Inverted fg: .* of the two codes are left over", result.out)
    assert match("More than 30% is much", result.out)
    images = open_pictures(options.data)
    noise, _ = invert(method, encode(method, options, images, ENDS), 60)
    # What lies between is mapped from what lies between.
    shares = np.linspace(0, 1, 4, dtype="float32")[:, None]
    codes = map_noise(method, options, {name: (1 - shares) * a + shares * b for name, (a, b) in noise.items()})
    expected = Painter(method, options).all(codes, decode_poses(method, options, codes["pose"]), "Rendering")
    made = frames()
    assert np.abs(made - expected).max() <= 1 and len({frame.tobytes() for frame in made}) == 4

    strip = np.asarray(Image.open("out/strip.png"))[-2 * SIZE[0] :, :, :3]
    assert strip.shape == (2 * SIZE[0], 6 * SIZE[1], 3)
    for panel, name in ((0, ENDS[0]), (5, ENDS[1])):
        shown, number = strip[:, panel * SIZE[1] :][:, : SIZE[1]], images.names.index(name)
        np.testing.assert_array_equal(shown[: SIZE[0]], images.pixels(number))
        np.testing.assert_array_equal(shown[SIZE[0] :], method.pose_pictures(images.keypoints[number][None])[0])
    np.testing.assert_array_equal(strip[: SIZE[0], SIZE[1] : -SIZE[1]], np.concatenate(list(made), axis=1))
    with Image.open("out/interpolation.gif") as film:
        assert len(list(ImageSequence.Iterator(film))) == 6 and film.size == (SIZE[1], 2 * SIZE[0])


def test_only_some_factors_and_no_noise(tiny, program, networks):
    options, method, paths = networks
    images, first = open_pictures(options.data), method.factors[0].name
    # Codes need no mapping, so that the weights of the first stage do; without the pose, it is the real one of A.
    words = [*ENDS, *flags(paths, "appearance"), "-o", "out", "--space", "code", "--frames", "3", "--factors", first]
    result = program("interpolate", *words)
    assert result.code == 0 and "Inverted" not in result.out
    real = encode(method, options, images, ENDS)
    pose = images.keypoints[images.names.index(ENDS[0])]
    expected = {name: np.repeat(code[:1], 3, axis=0) for name, code in real.items()}
    expected[first] = np.stack([real[first][0], real[first].mean(axis=0), real[first][1]])
    painted = Painter(method, options).all(expected, np.repeat(pose[None], 3, axis=0), "Rendering")
    assert np.abs(frames() - painted).max() <= 1
    assert "not made by this program from the same" in program("interpolate", *words, "--path", "slerp").sentence

    codes, poses = between(method, options, real, pose, ["pose"], 3, space="code", path="slerp")
    for name in real.keys() - {"pose"}:
        np.testing.assert_array_equal(codes[name], np.repeat(real[name][:1], 3, axis=0))
    np.testing.assert_array_equal(poses[[0, 2]], decode_poses(method, options, real["pose"]))


def test_ways_between_vectors():
    start, end = np.float32([3, 0, 0]), np.float32([0, 3, 0])
    np.testing.assert_allclose(linear(start, end, [0, 0.25, 1]), [start, [2.25, 0.75, 0], end])
    arc = slerp(start, end, [0, 1 / 3, 0.5, 1])
    np.testing.assert_allclose(np.linalg.norm(arc, axis=1), 3, rtol=1e-6)
    np.testing.assert_allclose(arc[1], 3 * np.array([np.cos(np.pi / 6), 0.5, 0]), atol=1e-6)
    np.testing.assert_array_equal(arc[[0, 3]], [start, end])
    # Without a great circle through both, the line.
    for other in (2 * start, -start, 0 * start):
        np.testing.assert_allclose(slerp(start, other, [0, 0.5, 1]), [start, (start + other) / 2, other], atol=1e-6)


def test_mistakes(tiny, program, networks):
    before = files()
    words = [*flags(networks[2], "appearance"), "-o", "out"]
    for names, more, sentence in (
        (ENDS, ["--frames", "1"], "--frames 1 must be from 2 to 1000"),
        (ENDS, ["--inversion_steps", "0"], "--inversion_steps 0 must be 1 or more"),
        (ENDS, ["--space", "other"], "invalid choice: 'other'"),
        (ENDS, ["--factors", "hat"], "--factors: 'hat' is no factor of these networks"),
        ([], [], "takes the names of two pictures, but 0 came"),
        (ENDS[:1], [], "but 1 came"),
        ([*ENDS, "0001_c1.jpg"], [], "but 3 came"),
        ([ENDS[0], "nobody.jpg"], [], "names nobody.jpg, but no annotation file has a row"),
        ([ENDS[0], ENDS[0]], [], "is given twice"),
    ):
        assert match(sentence, program("interpolate", *names, *words, *more).sentence)
        # The names may stand anywhere.
        assert match(sentence, program("interpolate", *names[:1], *words, *more, *names[1:]).sentence)
    other = program("interpolate", *ENDS, "--method", "gfla", "--dataset", "market").sentence
    assert match("--method gfla does not take pictures apart", other)
    assert files() == before

"""`python -m pgig sample`: the files, what changes and what stays, starting again, and mistakes."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.cli.sample import sample
from pgig.data.pairs import read_pairs
from pgig.errors import OptionsError
from pgig.generate.factors import Painter, chosen, encode, load_factored, parts_of, rows
from pgig.generate.sources import open_pictures
from tests.conftest import files, match
from tests.generate.factored_weights import all_options, build, flags, save

SIZE = (128, 64)
COUNTS = ["-o", "out", "--sources", "2", "--count", "3"]


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """(options, method, {file: path}) of untrained networks."""
    options, method = build()
    return options, method, save(method, options, tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def words(networks):
    """Flags of a run of 2 x 3 pictures that the discriminator looks at, in batches of 4."""
    return [*flags(networks[2], "generator", "pose", "discriminator"), *COUNTS, "--test_batch_size", "4"]


@pytest.fixture(scope="module")
def _sampled(_tiny, words, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sampled") / "work"
    shutil.copytree(_tiny, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        sample(words)
    return folder


@pytest.fixture
def sampled(_sampled, tmp_path, monkeypatch):
    """A working directory with that run in it."""
    shutil.copytree(_sampled, tmp_path / "sampled")
    monkeypatch.chdir(tmp_path / "sampled")


def pixels(folder="out/G"):
    return np.stack([np.asarray(Image.open(path)).astype(int) for path in sorted(Path(folder).glob("*.png"))])


def names(folder="out/G"):
    return sorted(path.name for path in Path(folder).iterdir() if path.suffix == ".png")


def codes(folder="out"):
    with np.load(Path(folder, "codes.npz")) as archive:
        return dict(archive)


def test_what_a_run_leaves(sampled, networks):
    _, method, _ = networks
    stems = ["_".join(name.removesuffix(".png").split("_")[:4]) for name in names()]
    places = [(i, j, 3 * i + j) for i in range(2) for j in range(3)]
    assert stems == [f"{i:04d}_c1s1_{j:06d}_{number:05d}" for i, j, number in places]
    assert names("out/G_pose") == [f"{i:04d}_{j:04d}.png" for i, j, _ in places]
    assert pixels().shape == (6, *SIZE, 3) and len({picture.tobytes() for picture in pixels()}) == 6

    made = codes()
    sources = list(dict.fromkeys(source for source, _ in read_pairs("data/market-pairs-test.csv")))[:2]
    assert made["source"].tolist() == np.repeat(sources, 3).tolist() and made["name"].tolist() == stems
    noise = np.concatenate([made[f"noise_{factor.name}"].ravel() for factor in method.factors])
    assert abs(noise.std() / method.deviation - 1) < 0.1 and abs(noise.mean()) < method.deviation / 10
    for disc, pose in zip(pixels("out/G_pose") > 0, made["pose"], strict=True):
        y, x = pose[pose[:, 2] > 0, :2].astype(int).T
        assert disc[y, x].all() and disc.sum() <= 49 * len(y)

    # For each source a row for each factor and one for all; those with sampled poses have a second row of them.
    with Image.open("out/grid.png") as grid:
        lines = len(method.factors) + 3
        assert grid.width == (2 + 3) * SIZE[1] and 2 * lines * SIZE[0] < grid.height < 2 * (lines + 1) * SIZE[0]
    page = Path("out/index.html").read_text(encoding="utf-8")
    assert all(f'src="G/{name}"' in page for name in names()) and 'src="grid.png"' in page
    assert all(factor.title in page for factor in method.factors)


def test_pictures_can_be_made_again_from_their_codes(sampled, networks):
    options, method, _ = networks
    made = codes()
    named = {factor.name: made[f"code_{factor.name}"] for factor in method.factors}
    painter = Painter(method, replace(options, shared=replace(options.shared, test_batch_size=4)), judged=True)
    painted = [painter(*rows(named, made["pose"], part)) for part in parts_of(6, 4)]
    np.testing.assert_array_equal(np.concatenate([part for part, _ in painted]), pixels())
    # Judged among the others of their batch.
    shown = [float(name.removesuffix(".png").split("_")[4]) for name in names()]
    np.testing.assert_allclose(shown, np.concatenate([logits for _, logits in painted]), atol=1e-5)
    # One by one they are the same pictures but for rounding.
    alone = np.concatenate([painter(*rows(named, made["pose"], slice(row, row + 1)))[0] for row in range(6)])
    assert np.abs(alone - pixels()).max() <= 1


def test_started_again_it_makes_what_is_missing(sampled, program, words):
    whole, kept = files("out"), Path("out/G", names()[0])
    Path("out/G", names()[1]).unlink()
    Path("out/G_pose/0001_0002.png").unlink()
    Path("out/grid.png").unlink()
    before = kept.stat().st_mtime_ns
    assert "not made by this program from the same" in program("sample", *words, "--seed", "1").sentence
    assert len(files("out")) == len(whole) - 3
    assert program("sample", *words).code == 0
    assert files("out") == whole and kept.stat().st_mtime_ns == before


def test_only_what_is_named_changes(sampled, program, networks):
    options, method, paths = networks
    first, *kept = [factor.name for factor in method.factors[:-1]]
    # Nothing that belongs to poses is needed then. More pictures begin with the same ones, however many at a time.
    words = [*flags(paths, "generator"), *COUNTS, "-o", "one", "--count", "4", "--sample", first]
    result = program("sample", *words, "--test_batch_size", "3")
    assert result.code == 0 and match("8 pictures, grid.png and index.html: one", result.out)
    whole, made, images = codes(), codes("one"), open_pictures(options.data)
    sources = made["source"][::4].tolist()
    own = encode(method, options, images, sources)
    for name in kept:
        np.testing.assert_allclose(made[f"code_{name}"][::4], own[name], rtol=1e-5, atol=1e-6)
        assert all(len({row.tobytes() for row in made[f"code_{name}"][at : at + 4]}) == 1 for at in (0, 4))
    numbers = [images.names.index(name) for name in sources]
    np.testing.assert_array_equal(made["pose"], np.repeat(images.keypoints[numbers], 4, axis=0))
    same = [0, 1, 2, 4, 5, 6]
    np.testing.assert_array_equal(made[f"noise_{first}"][same], whole[f"noise_{first}"])
    np.testing.assert_allclose(made[f"code_{first}"][same], whole[f"code_{first}"], rtol=1e-5, atol=1e-6)
    assert len(np.unique(made[f"noise_{first}"], axis=0)) == 8
    assert {f"noise_{name}" for name in (*kept, "pose")}.isdisjoint(made) and "code_pose" not in made
    assert names("one/G")[0] == "0000_c1s1_000000_00000.png"


def test_codes_of_real_poses_and_poses_without_joints(tiny, program, networks, tmp_path):
    options, method = build()
    visible = method.networks["pose_decoder"].get_layer("visible")
    visible.bias.assign(visible.bias - 99)
    paths = networks[2] | {"pose": save(method, options, tmp_path)["pose"]}
    words = [*flags(paths, "generator", "pose"), "-o", "out", "--source", "0001_c0.jpg", "--count", "9"]
    result = program("sample", *words, "--sample", "pose", "--pose", "reconstructed")
    assert "Of 9 reconstructed poses 9 have fewer than 5 visible joints, and 9 have none" in result.out
    assert not pixels("out/G_pose").any()
    made, images = codes(), open_pictures(options.data)
    drawn = made["pose_of"].tolist()
    assert len(set(drawn)) > 3 and set(drawn) <= set(images.names) and "noise_pose" not in made
    # As the encoder sees them beside their pictures.
    np.testing.assert_allclose(encode(method, options, images, drawn)["pose"], made["code_pose"], atol=1e-5)


def test_mistakes(tiny, program, networks):
    before = files()
    words = [*flags(networks[2], "generator"), "-o", "out"]
    for more, sentence in (
        (["--count", "0"], "--count 0 must be 1 or more"),
        (["--sources", "-1"], "--sources -1 must be 1 or more"),
        (["--count", "99999999"], "at most 10000 sources and 100000 pictures"),
        (["--sample", "hat,bg"], "--sample: 'hat' is no factor of these networks, they have fg, bg, pose"),
        (["--sample", "fg", "--pose", "reconstructed"], "add pose to --sample"),
        (["--source", "0001_c0.jpg", "--sources", "2"], "give one of the two"),
        (["--source", "nobody.jpg"], "--source names nobody.jpg, but no annotation file has a row"),
        (["--source", "0001_c0.jpg", "0001_c0.jpg"], "--source names a picture twice"),
        (["--stage", "pose"], "--stage pose has not all of the networks"),
        (["--generator_checkpoint", "none.h5"], "none.h5"),
    ):
        assert match(sentence, program("sample", *words, *more).sentence)
    other = program("sample", "--method", "pg2", "--dataset", "market").sentence
    assert match("--method pg2 does not take pictures apart .* give --method ", other)
    result = program("sample", *words)
    assert match("needs trained weights of pose_.* with --pose_checkpoint FILE", result.sentence)
    assert match("market-pairs-test.csv has 3 different sources, fewer than 8: all are taken", result.out)
    assert files() == before


def test_what_is_needed(networks):
    _, method, paths = networks
    with pytest.raises(OptionsError, match="--factors: names no factor"):
        chosen(method, [], "factors")
    with pytest.raises(OptionsError, match="needs trained weights of .*--generator_checkpoint FILE"):
        load_factored(method, all_options())
    # The weights of the first stage render codes, but map no noise.
    options = all_options("--appearance_checkpoint", paths["appearance"])
    load_factored(method, options)
    with pytest.raises(OptionsError, match="needs trained weights of mapping_.*--mapping_checkpoint FILE"):
        load_factored(method, options, [method.factors[0].name])

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.cli.options import parse
from pgig.data.photos import read_photo
from pgig.errors import DataError, OptionsError
from pgig.pose.files import write_annotations
from pgig.pretrained.catalogue import what_is_missing
from pgig.repose import pretrained
from pgig.repose.reposer import Reposer
from pgig.repose.run import Request, run
from pgig.repose.subjects import Finder
from tests.conftest import NETWORK, files
from tests.estimate.dots import DotEstimator
from tests.repose.people import figure


@pytest.fixture
def flags(weights):
    return [*NETWORK, "--generator_checkpoint", str(weights["generator"])]


@pytest.fixture
def do(flags):
    """`do(photo, pose, ...)` runs a `Request` with an estimator that finds dots."""
    return lambda *words, **settings: run(parse(flags), Request(*words, **settings), Finder(DotEstimator()))


def size(path):
    with Image.open(path) as picture:
        return picture.size


def test_a_photo_with_joints_and_a_named_pose(people, command, flags):
    np.save("own.npy", figure(100, 20, 60))
    done = command("photos/one.png", "--pose", "walking", "--keypoints", "own.npy", "-o", "new/out.png", *flags)
    assert done.code == 0
    assert size("new/out.png") == (64, 128) and size("new/out-sheet.png")[0] > 4 * 192
    for words in ("one.png: 18 of 18", "walking: 18 of 18", "as good as these weights", "of the data set market"):
        assert words in done.out
    # The same from Python.
    reposer = Reposer(*flags[-1:], dataset="market", width=0.0625, warp_skip="none", estimator=DotEstimator())
    result = reposer("photos/one.png", "walking", keypoints=figure(100, 20, 60))
    np.testing.assert_array_equal(result.pixels, np.asarray(Image.open("new/out.png")))
    assert result.pasted().shape == (160, 120, 3) and len(result.sentences) == 3
    result.save("again.png")
    assert Path("again.png").read_bytes() == Path("new/out.png").read_bytes()


def test_a_photo_in_the_pose_of_another_pasted(people, do):
    assert do("photos/one.png", "photos/two.png", "out.png", paste=True, sheet=False) == 0
    pasted, before = read_photo("out.png"), read_photo("photos/one.png")
    assert pasted.shape == before.shape and not Path("out-sheet.png").exists()
    assert (pasted[60:80, 35:50] != before[60:80, 35:50]).any()
    np.testing.assert_array_equal(pasted[:, -5:], before[:, -5:])


def test_folders(people, do, capsys):
    Path("photos/broken.jpg").write_bytes(b"no")
    Path("poses").mkdir()
    np.save("poses/stand.npy", figure(100, 20, 60))
    Image.new("RGB", (50, 50)).save("poses/nobody.png")
    assert do("photos", "poses", "out") == 2
    said = capsys.readouterr().out
    assert "Left out (2)" in said and "Nobody was found in nobody.png" in said and "broken.jpg is not" in said
    assert sorted(path.name for path in Path("out").iterdir()) == ["one__stand.png", "sheet.png", "two__stand.png"]

    # Of pictures that are kept there is no overview.
    Path("out/sheet.png").unlink()
    Path("out/two__stand.png").unlink()
    kept = Path("out/one__stand.png").stat().st_mtime_ns
    do("photos", "poses", "out", resume=True)
    assert sorted(path.name for path in Path("out").iterdir()) == ["one__stand.png", "two__stand.png"]
    assert Path("out/one__stand.png").stat().st_mtime_ns == kept
    with pytest.raises(DataError, match="Nothing could be made.*nobody"):
        do("photos/one.png", "poses", "out2", keypoints="poses/nobody.png")


def test_pictures_of_one_stem_keep_their_endings(people, do):
    Image.open("photos/one.png").save("photos/one.bmp")
    do("photos", "arms-up", "out", sheet=False)
    names = sorted(path.name for path in Path("out").iterdir())
    assert names == ["one.bmp__arms-up.png", "one.png__arms-up.png", "two.png__arms-up.png"]


def test_a_table_has_the_joints_of_a_whole_folder(people, command, flags):
    write_annotations("table.csv", ["one.png", "two.png"], [figure(100, 20, 60), figure(90, 30, 60)])
    done = command("photos", "--pose", "arms-up", "--keypoints", "table.csv", "-o", "out", *flags)
    assert done.code == 0 and "2 pictures of 2 photos in 1 pose:" in done.out


def test_a_batch_larger_than_the_networks(people, flags):
    reposer = Reposer.of_options(parse([*flags, "--test_batch_size", "2"]), Finder(DotEstimator()))
    source = reposer.source("photos/one.png")
    poses = [reposer.target(name).keypoints for name in ("walking", "arms-up", "sitting")]
    together, alone = list(reposer.generate(source, poses)), list(reposer.generate(source, poses[2:]))
    assert len(together) == 3
    assert np.abs(together[2].astype(int) - alone[0]).max() <= 1
    assert (together[0] != together[1]).any()
    assert list(reposer.generate(source, [])) == []


def test_a_film(people, do):
    do("photos/one.png", "moves", "frames", "film.gif", fps=10)
    with Image.open("film.gif") as film:
        assert (film.n_frames, film.size, film.info["duration"]) == (3, (3 * 192, 384), 100)
    assert [size(path) for path in sorted(Path("frames").iterdir())] == [(64, 128)] * 3
    do("photos/one.png", "moves", video="pasted.gif", paste=True)
    assert size("pasted.gif") == (120, 160)
    do("photos/one.png", "moves", video="bare.gif", sheet=False)
    assert size("bare.gif") == (64, 128)


@pytest.mark.parametrize(
    "words, problem",
    [
        (["--pose", "walking", "-o", "x.png"], "Give a photo and a pose"),
        (["photos/one.png", "-o", "x.png"], "Give a photo and a pose"),
        (["photos/one.png", "--pose", "walking"], "Say where the result goes"),
        (["photos/one.png", "--pose", "walking", "-o", "x.bmp"], "ends neither in .png"),
        (["photos/one.png", "--pose", "flying", "-o", "x.png"], "no pose 'flying'"),
        (["photos/none.png", "--pose", "walking", "-o", "x.png"], "no photo photos/none.png"),
        (["photos", "--pose", "walking", "-o", "x.png"], "give a folder"),
        (["photos", "--pose", "moves", "-o", "moves"], "is the folder of moves"),
        (["photos", "--pose", "moves", "-o", "x", "--box", "1,1,9,9"], "belong to one photo"),
        (["photos/one.png", "--pose", "film.mp4", "-o", "x.png"], "add --video"),
        (["photos/one.png", "--pose", "walking", "--video", "x.gif"], "needs a moving --pose"),
        (["photos", "--pose", "moves", "--video", "x.gif"], "a film of one photo"),
        (["photos/one.png", "--pose", "moves", "--video", "x.avi"], "neither in .gif"),
        (["photos/one.png", "--pose", "walking", "-o", "x.png", "--box", "1,2"], "must be y0,x0,y1,x1"),
        (["photos/one.png", "--pose", "walking", "-o", "x.png", "--box", "1,1,9,9", "--person", "2"], "leave --person"),
        (["photos/one.png", "--pose", "walking", "-o", "x.png", "--keypoints", "a", "--person", "2"], "leave --box"),
        (["photos/one.png", "--pose", "walking", "-o", "x.png", "--use_bg", "1"], "needs an empty background"),
    ],
)
def test_mistakes_are_sentences(people, command, flags, words, problem):
    Path("film.mp4").touch()
    before = files()
    assert problem in command(*words, *flags).sentence
    assert files() == before


def test_without_weights(people, command, monkeypatch):
    monkeypatch.setattr(pretrained, "PRETRAINED", Path("nowhere.h5"))
    words = ["photos/one.png", "--pose", "walking", "-o", "x.png"]
    assert "nowhere.h5 is not here" in command(*words).sentence
    assert "--method gfla needs --generator_checkpoint" in command(*words, "--method", "gfla").sentence


def test_the_projects_own_generator_decides_the_data_set(tmp_path, monkeypatch):
    own = tmp_path / "own.h5"
    own.touch()
    monkeypatch.setattr(pretrained, "PRETRAINED", own)
    options, said = pretrained.with_generator(parse([]))
    assert options.data.name == "demo" and options.shared.generator_checkpoint == str(own) and "640" in said
    assert pretrained.with_generator(parse(["--dataset", "prw"]))[0].data.name == "prw"


@pytest.mark.parametrize(
    "config, dataset", [('{"dataset": "fasion"}', "fasion"), ('{"dataset": "moon"}', "market"), ("[", "market")]
)
def test_a_run_says_what_its_weights_were_trained_on(tmp_path, config, dataset):
    (tmp_path / "config.json").write_text(config)
    path = str(tmp_path / "epoch_001_generator.h5")
    options, said = pretrained.with_generator(parse(["--generator_checkpoint", path]))
    assert options.data.name == dataset and ("fasion" in said) == (dataset == "fasion")
    stated = parse(["--generator_checkpoint", path, "--dataset", "demo"])
    assert pretrained.with_generator(stated)[0].data.name == "demo"


def test_with_the_published_estimator(tiny, flags, capsys):
    if missing := what_is_missing("movenet-thunder"):
        pytest.skip(missing)
    person = Path(__file__).resolve().parents[2] / "data" / "demo-dataset" / "test"
    photo = sorted(person.iterdir())[0]
    assert run(parse(flags), Request(str(photo), "arms-up", "out.png"), Finder()) == 0
    assert "joints were found" in capsys.readouterr().out
    with pytest.raises(OptionsError, match="unknown"):
        Finder("nothing").find(read_photo(photo), "photo")

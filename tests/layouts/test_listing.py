import os

import numpy as np
import pytest
from PIL import Image

from pgig.errors import DataError
from pgig.layouts.listing import list_pairs
from pgig.layouts.triptych import write_triptych

SIZE = (16, 8)


def noise(seed, size=SIZE):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3)).astype(np.uint8)


def save(path, pixels, **settings):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **settings)
    return path


def strip(*seeds):
    return np.concatenate([noise(seed) for seed in seeds], axis=1)


def shown(pairs, number):
    pair = pairs.read(number)
    return {name: getattr(pair, name) for name in ("source", "target", "generated", "mask")}


def expect(pairs, number, **seeds):
    for name, pixels in shown(pairs, number).items():
        if name in seeds:
            np.testing.assert_array_equal(pixels, noise(seeds[name]))
        else:
            assert pixels is None


@pytest.fixture
def triptychs(tmp_path):
    folder = tmp_path / "out"
    for i in (10, 9, 1):
        write_triptych(folder, f"{i}.jpg", "t.jpg", noise(i), noise(i + 100), noise(i + 200))
    return folder


def test_triptychs_come_in_natural_order(triptychs):
    (triptychs / "scores.json").write_text("{}")
    (triptychs / ".hidden.png").write_text("")
    pairs = list_pairs(triptychs)
    assert (pairs.layout, pairs.size, len(pairs), pairs.from_jpeg) == ("triptych", SIZE, 3, (False, False))
    assert pairs.names == [("1.jpg", "t.jpg"), ("9.jpg", "t.jpg"), ("10.jpg", "t.jpg")]
    expect(pairs, 2, source=10, target=110, generated=210)
    assert len(pairs.notes) == 1 and "1 file that" in pairs.notes[0]


def test_the_target_of_a_panel_row_may_come_from_a_folder(triptychs, tmp_path):
    save(tmp_path / "real" / "t.png", noise(7))
    expect(list_pairs(triptychs, reference=tmp_path / "real"), 0, source=1, target=7, generated=201)


@pytest.mark.parametrize("extension", ["png", "jpg"])
def test_strips(tmp_path, extension):
    path = save(tmp_path / f"a_1.jpg___b_x.jpg_vis.{extension}", strip(1, 2, 3, 4, 5))
    pairs = list_pairs(tmp_path)
    assert (pairs.layout, pairs.names, pairs.size) == ("strip", [("a_1.jpg", "b_x.jpg")], SIZE)
    assert pairs.from_jpeg == ((extension == "jpg"),) * 2
    save(tmp_path / "real" / "b_x.jpg", noise(7))
    assert list_pairs(tmp_path, reference=tmp_path / "real").from_jpeg == (False, extension == "jpg")
    pixels = np.asarray(Image.open(path).convert("RGB"))
    read = shown(pairs, 0)
    for name, panel in (("source", 0), ("target", 2), ("generated", 4)):
        np.testing.assert_array_equal(read[name], pixels[:, panel * 8 : panel * 8 + 8])


@pytest.mark.parametrize(("layout", "places"), [("strip3", (0, 1, 2)), ("strip6", (0, 5, 4))])
def test_strips_of_other_numbers_of_panels(tmp_path, layout, places):
    count = int(layout[-1])
    path = save(tmp_path / "a.jpg___b.jpg_vis.png", strip(*range(count)))
    pixels, read = np.asarray(Image.open(path).convert("RGB")), shown(list_pairs(tmp_path, layout), 0)
    for name, panel in zip(("source", "target", "generated"), places, strict=True):
        np.testing.assert_array_equal(read[name], pixels[:, panel * 8 : panel * 8 + 8])


def test_single_pictures_find_their_targets(tmp_path):
    real, out = tmp_path / "real", tmp_path / "out"
    save(out / "x_2_side_2_y_vis.png", noise(1))
    save(out / "x_2_side_2_y_gt.png", noise(3))
    save(out / "u_2_v_vis.png", noise(5))
    save(real / "y.png", noise(2))
    save(real / "x_2_side.png", noise(4))
    save(real / "deepv.png", noise(6))
    pairs = list_pairs(out, reference=real)
    assert (pairs.layout, pairs.names) == ("single", [("u", "v"), ("x_2_side.png", "y.png")])
    expect(pairs, 0, target=6, generated=5)
    expect(pairs, 1, target=2, generated=1)
    (out / "u_2_v_vis.png").unlink()
    expect(list_pairs(out, reference=real), 0, source=4, target=2, generated=1)


def test_pg2_pairs_by_name(tmp_path):
    for i in (2, 10):
        save(tmp_path / "x_target" / f"{i}.png", noise(i))
        save(tmp_path / "x" / f"{i}.png", noise(i + 50))
        save(tmp_path / "G1" / f"{i}.png", noise(0))
        save(tmp_path / "G2" / f"{i}.png", noise(i + 100))
        save(tmp_path / "mask" / f"{i}.png", noise(i + 150)[..., 0])
    pairs = list_pairs(tmp_path)
    assert (pairs.layout, pairs.names) == ("pg2", [("2.png", "2.png"), ("10.png", "10.png")])
    assert any("G2" in note for note in pairs.notes)
    read = shown(pairs, 1)
    np.testing.assert_array_equal(read.pop("mask"), noise(160)[..., 0])
    for name, seed in (("source", 60), ("target", 10), ("generated", 110)):
        np.testing.assert_array_equal(read[name], noise(seed))


def test_pg2_pairs_by_position_where_no_name_agrees(tmp_path):
    for i in (2, 10):
        save(tmp_path / "x_target" / f"target{i}.png", noise(i))
        save(tmp_path / "G" / f"step{i}.png", noise(i + 100))
    pairs = list_pairs(tmp_path)
    assert [name for _, name in pairs.names] == ["target2.png", "target10.png"]
    expect(pairs, 1, target=10, generated=110)
    assert any("by position" in note for note in pairs.notes)
    save(tmp_path / "G" / "step11.png", noise(1))
    with pytest.raises(DataError, match="2 and 3 pictures"):
        list_pairs(tmp_path)
    save(tmp_path / "G" / "target2.png", noise(1))
    with pytest.raises(DataError, match="no partner of the same name"):
        list_pairs(tmp_path)


def test_a_list_says_whose_the_numbered_pictures_are(tmp_path):
    for number in range(2):
        for folder, seed in (("x_target", 10), ("x", 20), ("G", 30), ("mask", 40), ("mask_target", 50)):
            pixels = noise(seed + number)
            save(tmp_path / folder / f"{number:05d}.png", pixels[..., 0] if "mask" in folder else pixels)
    assert list_pairs(tmp_path).names == [("00000.png", "00000.png"), ("00001.png", "00001.png")]
    index = tmp_path / "pairs.csv"
    index.write_text("from,to,generated\nb.jpg,a.jpg,G/00001.png\na.jpg,b.jpg,G/00000.png\n")
    pairs = list_pairs(tmp_path)
    assert pairs.names == [("a.jpg", "b.jpg"), ("b.jpg", "a.jpg")]
    read = shown(pairs, 1)
    np.testing.assert_array_equal(read.pop("mask"), noise(51)[..., 0])
    np.testing.assert_array_equal(read["generated"], noise(31))
    np.testing.assert_array_equal(shown(list_pairs(tmp_path, masks=tmp_path / "mask"), 1)["mask"], noise(41)[..., 0])


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("from,to\na.jpg,b.jpg\n", "must have the columns from,to,generated"),
        ("real_target,generated\nb.jpg,G/00000.png\n", "must have the columns from,to,generated"),
        ("from,to,generated\na.jpg,b.jpg,G/00000.png\nb.jpg,a.jpg,G/00000.png\n", "picture or a pair twice"),
        ("from,to,generated\na.jpg,b.jpg,G/00000.png\na.jpg,b.jpg,G/00001.png\n", "picture or a pair twice"),
        ("from,to,generated\na.jpg,b.jpg,G/00001.png\n", "does not say whose picture .*00000.png is"),
        ("from,to,generated\na.jpg,b.jpg,../00000.png\n", "does not say whose picture .*00000.png is"),
        ("from,to,generated\na.jpg,b.jpg,G/00000.png\nb.jpg,a.jpg,G/00001.png\n", "lists 2, and .*G holds 1"),
    ],
)
def test_a_list_of_other_pictures_is_refused(tmp_path, rows, sentence):
    for folder in ("x_target", "G"):
        save(tmp_path / folder / "00000.png", noise(len(folder)))
    (tmp_path / "pairs.csv").write_text(rows)
    with pytest.raises(DataError, match=sentence):
        list_pairs(tmp_path)


def test_plain_pairs_by_name_and_masks(tmp_path):
    for name, seed in (("a", 1), ("b", 2)):
        save(tmp_path / "generated" / f"{name}.png", noise(seed))
        save(tmp_path / "reference" / f"{name}.bmp", noise(seed + 10))
        save(tmp_path / "masks" / f"{name}.png", noise(seed + 20)[..., 0])
    save(tmp_path / "reference" / "c.bmp", noise(0))
    pairs = list_pairs(tmp_path, masks=tmp_path / "masks")
    assert (pairs.layout, pairs.names, pairs.has_source) == ("pairs", [("", "a.bmp"), ("", "b.bmp")], False)
    np.testing.assert_array_equal(shown(pairs, 1)["mask"], noise(22)[..., 0])
    np.testing.assert_array_equal(shown(pairs, 1)["target"], noise(12))
    assert any("1 picture of" in note for note in pairs.notes)
    same = list_pairs(tmp_path / "generated", reference=tmp_path / "reference")
    expect(same, 1, target=12, generated=2)


def test_a_table_lists_the_pictures(tmp_path):
    save(tmp_path / "out" / "g.png", noise(1))
    save(tmp_path / "set" / "t.png", noise(2))
    table = tmp_path / "table.csv"
    table.write_text("index,real_target,generated\n0,set/t.png,g.png\n")
    pairs = list_pairs(tmp_path / "out", pairs_file=table)
    assert (pairs.layout, pairs.names) == ("pairs", [("", "set/t.png")])
    expect(pairs, 0, target=2, generated=1)
    table.write_text("from,to,generated\nset/t.png,set/t.png,out/g.png\n")
    expect(list_pairs(tmp_path / "out", pairs_file=table), 0, source=2, target=2, generated=1)


def test_a_pair_list_says_which_pairs_and_in_which_order(triptychs, tmp_path):
    chosen = tmp_path / "pairs.csv"
    chosen.write_text("from,to\n10.png,t.png\n1.png,t.png\n")
    pairs = list_pairs(triptychs, pairs_file=chosen)
    assert pairs.names == [("10.png", "t.png"), ("1.png", "t.png")]
    expect(pairs, 0, source=10, target=110, generated=210)
    assert any("1 pair of" in note for note in pairs.notes)
    chosen.write_text("from,to\n10.jpg,t.jpg\n11.jpg,t.jpg\n")
    with pytest.raises(DataError, match="1 of the 2 pairs"):
        list_pairs(triptychs, pairs_file=chosen)


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "lists no pair"),
        ("from,to\n", "lists no pair"),
        ("a,b\nx,y\n", "correct the header"),
        ("from,to,to\nx,y,z\n", "correct the header"),
        ("from,to\nx\n", "1 fields"),
        ("real_target,generated\nx,\n", "lacks a name"),
        ("from,to\nx,y\nx,y\n", "repeats line 2"),
        ('from,to\n"x,y\n', "comma-separated"),
        ("from,to\nx\0,y\n", "line 2"),
        ("real_target,generated\nno.png,g.png\n", "do not exist"),
        (f"real_target,generated\n{'n' * 5000}.png,g.png\n", "do not exist"),
        ("real_target,generated\ng.png,g.png\n", "is the generated and the real picture"),
    ],
)
def test_bad_tables_are_refused_in_one_sentence(tmp_path, text, words):
    save(tmp_path / "g.png", noise(0))
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(DataError, match=words):
        list_pairs(tmp_path, pairs_file=tmp_path / "table.csv")


def test_a_table_that_is_no_text_is_refused(tmp_path):
    save(tmp_path / "g.png", noise(0))
    (tmp_path / "table.csv").write_bytes(b"\xff\xfe\x00")
    for path, words in ((tmp_path / "table.csv", "UTF-8"), (tmp_path / "none.csv", "cannot be read")):
        with pytest.raises(DataError, match=words):
            list_pairs(tmp_path, pairs_file=path)
    (tmp_path / "table.csv").write_text("real_target,generated\nx.png,g.png\n")
    with pytest.raises(DataError, match="asked for"):
        list_pairs(tmp_path, "strip", pairs_file=tmp_path / "table.csv")


def test_folders_without_pairs_are_refused(tmp_path):
    with pytest.raises(DataError, match="no folder"):
        list_pairs(tmp_path / "none")
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(DataError, match=r"holds no picture \(1 other file\)"):
        list_pairs(tmp_path)
    save(tmp_path / "a.png", noise(0))
    with pytest.raises(DataError, match="no known layout"):
        list_pairs(tmp_path)
    save(tmp_path / "a.jpg_b.jpg.png", strip(1, 2, 3))
    with pytest.raises(DataError, match="different layouts"):
        list_pairs(tmp_path)


def test_ambiguous_names_are_refused(tmp_path):
    save(tmp_path / "a_2_b___c_vis.png", strip(1, 2, 3, 4, 5))
    assert list_pairs(tmp_path, "strip").names == [("a_2_b", "c")]
    (tmp_path / "a_2_b___c_vis.png").unlink()
    save(tmp_path / "a___b_2_c_vis.png", strip(1, 2, 3, 4, 5))
    with pytest.raises(DataError, match="single or strip"):
        list_pairs(tmp_path)
    (tmp_path / "a___b_2_c_vis.png").unlink()
    save(tmp_path / "a____b_vis.png", strip(1, 2, 3, 4, 5))
    with pytest.raises(DataError, match="three underscores once"):
        list_pairs(tmp_path)


def test_missing_partners_are_counted(tmp_path):
    out, real = tmp_path / "out", tmp_path / "real"
    for name in ("a", "b"):
        save(out / f"x_2_{name}_vis.png", noise(0))
    save(real / "z.png", noise(1))
    with pytest.raises(DataError, match="2 of 2 pictures have no partner.*x_2_a_vis.png.*'a'"):
        list_pairs(out, reference=real)
    with pytest.raises(DataError, match="--reference"):
        list_pairs(out)
    save(real / "a.png", noise(1))
    save(real / "a.jpg", noise(1))
    with pytest.raises(DataError, match="keep one of both"):
        list_pairs(out, reference=real)


def test_two_pictures_of_one_pair_are_refused(tmp_path):
    save(tmp_path / "out" / "a.png", noise(0))
    save(tmp_path / "out" / "a.bmp", noise(1))
    save(tmp_path / "real" / "a.jpg", noise(2))
    with pytest.raises(DataError, match="same pair"):
        list_pairs(tmp_path / "out", reference=tmp_path / "real")
    with pytest.raises(DataError, match="is the generated and the real picture"):
        list_pairs(tmp_path / "real", reference=tmp_path / "real")


def test_sizes_are_checked_before_anything_is_scored(triptychs):
    write_triptych(triptychs, "2.jpg", "t.jpg", *(noise(0, (16, 9)) for _ in range(3)))
    with pytest.raises(DataError, match="2.jpg_t.jpg.png holds a picture of 16 x 9 .* of 16 x 8"):
        list_pairs(triptychs)
    save(triptychs / "2.jpg_t.jpg.png", noise(0, (16, 25)))
    with pytest.raises(DataError, match="not 3 equal panels"):
        list_pairs(triptychs)


def write_mode(path, mode):
    if mode == "transparent palette":
        Image.fromarray(strip(1, 2, 3)).quantize(8).save(path, transparency=0)
    elif mode == "16 bits":
        Image.fromarray(strip(1, 2, 3)[..., 0].astype(np.uint16)).save(path)
    else:
        Image.fromarray(strip(1, 2, 3)).convert(mode).save(path, format="JPEG" if mode == "CMYK" else "PNG")


@pytest.mark.parametrize("mode", ["RGBA", "LA", "transparent palette", "16 bits", "CMYK"])
def test_pictures_without_defined_colours_are_refused(tmp_path, mode):
    write_mode(tmp_path / "a.jpg_b.jpg.png", mode)
    with pytest.raises(DataError, match="a.jpg_b.jpg.png .*save it as RGB"):
        list_pairs(tmp_path)


@pytest.mark.parametrize("mode", ["L", "P", "1"])
def test_grey_and_palette_pictures_are_read_as_colour(tmp_path, mode):
    write_mode(tmp_path / "a.jpg_b.jpg.png", mode)
    expected = np.asarray(Image.open(tmp_path / "a.jpg_b.jpg.png").convert("RGB"))
    np.testing.assert_array_equal(list_pairs(tmp_path).read(0).generated, expected[:, 16:])


def test_special_files_are_refused(tmp_path):
    os.mkfifo(tmp_path / "a.jpg_b.jpg.png")
    with pytest.raises(DataError, match="not a plain file"):
        list_pairs(tmp_path)
    (tmp_path / "a.jpg_b.jpg.png").unlink()
    (tmp_path / "a.jpg_b.jpg.png").symlink_to("nowhere")
    with pytest.raises(DataError, match="cannot be read"):
        list_pairs(tmp_path)


@pytest.mark.parametrize("extension", ["png", "jpg", "bmp"])
def test_damaged_files_give_one_sentence_or_pixels(tmp_path, extension):
    path = save(tmp_path / "generated" / f"a.{extension}", noise(1))
    save(tmp_path / "reference" / "a.png", noise(2))
    data, random = path.read_bytes(), np.random.default_rng(0)
    for i in range(150):
        damaged = bytearray(data)
        if i % 3 == 0:
            damaged = damaged[: random.integers(0, len(data) * 3 // 4)]
        else:
            for place in random.integers(0, len(data) if i % 3 == 1 else 60, 3):
                damaged[place] = random.integers(0, 256)
        path.write_bytes(damaged)
        try:
            pairs = list_pairs(tmp_path)
            assert pairs.read(0).generated.shape == (*SIZE, 3)
        except DataError as error:
            assert str(error).endswith((".", "?"))
        else:
            assert i % 3, "a file that is cut short must be found"

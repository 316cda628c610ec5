import base64
import io
import re
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
from PIL import Image

from pgig.report.report import Cell, Examples, Figure, Gallery, Intervals, Linked, Table, ranked_examples, report

PIXELS = np.random.default_rng(0).integers(0, 256, (8, 12, 3)).astype(np.uint8)


def page(tmp_path):
    evil = "<script>alert(1)</script>.jpg"
    report(
        tmp_path / "report.html",
        "Scores & more",
        tables=[
            Table("Table", ("", "SSIM"), ((evil, 0.25), ("copy", None), ("n", float("nan")))),
            Table(
                "Groups",
                ("", "SSIM"),
                ((Cell(evil, evil), Cell("0.5", "0.4 … 0.6", best=True)),),
                ("One line.", evil),
                (("Others", (("old", 0.125),)),),
                first_stands_out=False,
            ),
        ],
        figures=[
            Figure("Losses", {"l1 <b> $x$": ([1, 2, 3], [3.0, float("nan"), 1.0])}),
            Figure("One point", {"a": ([1], [2.0])}),
            Intervals(
                "Plots", {evil: [(evil, 0.5, 0.4, 0.6), ("", 0.1, None, None)], "L1": [("a", 1.0, 1.0, 1.0)]}
            ),
        ],
        images=[
            Gallery("Best", ((evil, PIXELS),)),
            Examples("Pairs", ("target", evil), ((evil, (("", PIXELS), (evil, None))),)),
        ],
    )
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_page_holds_tables_curves_and_pictures(tmp_path):
    text = page(tmp_path)
    assert "<td>0.2500</td>" in text and text.count("<td>–</td>") == 2
    assert text.count("<svg") == text.count("</svg>") == 4
    data = re.search(r'src="data:image/png;base64,([^"]+)"', text).group(1)
    np.testing.assert_array_equal(Image.open(io.BytesIO(base64.b64decode(data))), PIXELS)


def test_cells_with_two_lines_groups_of_rows_and_aligned_examples(tmp_path):
    text = page(tmp_path)
    assert "<strong>0.5</strong>" in text and "<small>0.4 … 0.6</small>" in text
    assert text.count('<tbody class="apart">') == 1 and "Others" in text and "<td>0.1250</td>" in text
    assert text.count('<table class="first">') == text.count('<table class="compared">') == 1
    assert '<p class="note">One line.</p>' in text
    # The picture of the gallery, and the one of the pair whose other picture is missing.
    assert text.count("<img") == 2 and text.count("<figcaption") == 3


def test_the_page_needs_nothing_from_outside_and_names_cannot_change_it(tmp_path):
    text = page(tmp_path)
    tags, addresses = set(), []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.add(tag)
            addresses.extend(value for name, value in attrs if name in ("src", "href", "xlink:href"))

    Reader().feed(text)
    assert not tags & {"script", "link", "iframe", "object", "b"}
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert "@import" not in text and "url(http" not in text


def test_the_same_report_has_the_same_bytes(tmp_path):
    assert page(tmp_path) == page(tmp_path)


def test_examples_are_best_median_and_worst():
    chosen = ranked_examples([0.5, np.nan, 0.9, 0.1, 0.7, 0.3], count=1)
    assert chosen == {"best": [2], "median": [0], "worst": [3]}
    assert ranked_examples([]) == {"best": [], "median": [], "worst": []}
    many = ranked_examples(np.arange(100), count=3)
    assert many["best"] == [99, 98, 97] and many["worst"] == [2, 1, 0]
    assert len(set(sum(many.values(), []))) == 9


def test_linked_pictures_stay_in_their_files(tmp_path):
    names = ["a b.jpg___c#1.jpg_vis.jpg", 'x" onerror="alert(1).png', "javascript:alert(1).png"]
    for name in names:
        Image.fromarray(PIXELS).save(tmp_path / name, "PNG")
    report(tmp_path / "index.html", "Pairs", images=[Linked("Three", [(name, f"<b>{name}") for name in names])])

    class Addresses(HTMLParser):
        found = []

        def handle_starttag(self, tag, attributes):
            if tag == "img":
                assert [name for name, _ in attributes] == ["src", "alt", "loading"]
                self.found.append(dict(attributes)["src"])
            assert tag != "b"

    Addresses().feed((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert [unquote(address) for address in Addresses.found] == names
    # Relative addresses: nothing before the name may look like a scheme.
    assert not any(":" in address for address in Addresses.found)

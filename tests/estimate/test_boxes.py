import pytest

from pgig.errors import DataError, OptionsError
from pgig.estimate.boxes import longer_side, overlap, parse_box, widened, within


def test_boxes_as_text():
    assert parse_box("40, 100.5 ,600,380") == (40, 100.5, 600, 380)
    assert parse_box("-5,0,20,9") == (-5, 0, 20, 9)
    assert parse_box(None) is None and parse_box("") is None


@pytest.mark.parametrize("text", ["1,2,3", "1,2,3,4,5", "9,0,5,5", "0,5,9,5", "a,0,5,5", "0,0,nan,5", "0,0,1e9,5"])
def test_other_text_is_refused(text):
    with pytest.raises(OptionsError, match="must be y0,x0,y1,x1"):
        parse_box(text)


def test_the_part_within_a_picture():
    assert within((-3, 2.5, 99, 7.2), (20, 10)) == (0, 2, 20, 8)
    for outside in ((20, 0, 30, 5), (0, -9, 5, 0), (5, 5, 5, 9)):
        with pytest.raises(DataError, match="outside the picture of 20 x 10"):
            within(outside, (20, 10))


def test_a_widened_box_is_square_around_the_same_middle():
    assert widened((10, 30, 50, 40), 0.25) == (0, 5, 60, 65)
    assert longer_side((10, 30, 50, 40)) == 40


def test_overlap():
    assert overlap((0, 0, 2, 2), (0, 0, 2, 2)) == 1
    assert overlap((0, 0, 2, 2), (1, 1, 3, 3)) == pytest.approx(1 / 7)
    assert overlap((0, 0, 2, 2), (2, 0, 4, 2)) == overlap((1, 1, 1, 1), (1, 1, 1, 1)) == 0

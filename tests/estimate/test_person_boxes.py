from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.errors import DataError, WeightsError
from pgig.estimate import person_boxes
from pgig.estimate.person_boxes import PersonBoxes, best_boxes, decode_boxes, default_boxes, views_of
from pgig.pretrained.catalogue import find, what_is_missing
from tests.weights.tiny_graphs import constant, write_pb

PICTURE = Path(__file__).resolve().parents[2] / "data/demo-dataset/test/0072_c2s1_007201_00.jpg"

# Side of each grid: size of the windows that make it of 300 pixels, and their distance.
WINDOWS = {19: (12, 16), 10: (30, 30), 5: (60, 60), 3: (100, 100), 2: (150, 150), 1: (300, 300)}


def tiny_graph(grid=3, shape=2):
    """The names of the real graph. A white window of one grid is a person in the default box of one shape there."""
    nodes = {person_boxes._INPUT: ("TensorArrayGatherV3", ("nowhere",), {})}
    for head, (side, (size, stride)) in enumerate(WINDOWS.items()):
        window = {"ksize": (1, size, size, 1), "strides": (1, stride, stride, 1), "padding": "VALID"}
        nodes[f"pool{head}"] = ("AvgPool", (person_boxes._INPUT,), window)
        shapes = 3 if head == 0 else 6
        for name, depth in (("ClassPredictor", 2), ("BoxEncodingPredictor", 4)):
            kernel, bias = np.zeros((1, 1, 3, shapes * depth), np.float32), np.zeros(shapes * depth, np.float32)
            if name == "ClassPredictor":
                bias -= 9
                if side == grid:
                    # Nine for white, minus nine for black.
                    kernel[..., 2 * shape + 1] = 18 / 765
            path = f"BoxPredictor_{head}/{name}"
            nodes |= {
                f"{path}/weights": constant(kernel),
                f"{path}/bias": constant(bias),
                f"{path}/Conv2D": ("Conv2D", (f"pool{head}", f"{path}/weights"), {"padding": "SAME"}),
                f"{path}/BiasAdd": ("BiasAdd", (f"{path}/Conv2D", f"{path}/bias"), {}),
            }
    return nodes


def test_the_box_lies_where_the_network_saw_somebody(tmp_path):
    detector = PersonBoxes(write_pb(tmp_path / "graph.pb", tiny_graph()))
    assert detector.fingerprint.startswith("person-boxes-1-")
    # Seen in a square of 300, from row and column -50 on: the window in the middle is white.
    pixels = np.zeros((200, 200, 3), np.uint8)
    pixels[50:150, 50:150] = 255
    (box,) = detector(pixels)
    # The fourth grid's boxes have 0.65 times the square's side; the third shape is twice as high as wide.
    wide = 0.65 * 300 / 2**0.5
    np.testing.assert_allclose(box, [0, 100 - wide / 2, 200, 100 + wide / 2], rtol=1e-5)
    assert detector(np.zeros((160, 200, 3), np.uint8)).shape == (0, 4)


def test_default_boxes():
    boxes = default_boxes()
    assert boxes.shape == (19 * 19 * 3 + 6 * (100 + 25 + 9 + 4 + 1), 4)
    # The first cell's small square, the last grid's five shapes of nearly the whole picture, and the largest square.
    np.testing.assert_allclose(boxes[0], [0.5 / 19, 0.5 / 19, 0.1, 0.1])
    np.testing.assert_allclose(boxes[-6:, :2], 0.5)
    np.testing.assert_allclose(boxes[-6:-1, 2] * boxes[-6:-1, 3], 0.95**2)
    np.testing.assert_allclose(boxes[-6:-1, 3] / boxes[-6:-1, 2], [1, 2, 1 / 2, 3, 1 / 3], rtol=1e-3)
    np.testing.assert_allclose(boxes[-1, 2:], 0.95**0.5)


def test_distances_from_default_boxes():
    default = np.array([[0.5, 0.4, 0.2, 0.1]])
    np.testing.assert_allclose(decode_boxes(np.zeros((1, 4)), default), [[0.4, 0.35, 0.6, 0.45]])
    codes = np.array([[1.0, -2.0, 5 * np.log(2), 5 * np.log(3)]])
    np.testing.assert_allclose(decode_boxes(codes, default), [[0.52 - 0.2, 0.38 - 0.15, 0.52 + 0.2, 0.38 + 0.15]])
    assert np.isfinite(decode_boxes(np.full((1, 4), 1e6), default)).all()


def test_of_like_boxes_the_best_stays():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [20, 20, 30, 30], [0, 0, 10, 4], [50, 50, 60, 60]], float)
    kept = best_boxes(boxes, np.array([0.8, 0.9, 0.6, 0.7, 0.3]))
    np.testing.assert_array_equal(kept, boxes[[1, 3, 2]])


def test_long_pictures_are_looked_at_in_squares():
    assert views_of((100, 100)) == [(-25, -25, 150)]
    tall, wide = views_of((300, 100)), views_of((100, 300))
    assert [view[0] for view in tall[1:]] == [view[1] for view in wide[1:]] == [0, 50, 100, 150, 200]
    assert len(views_of((10, 90_000))) == 13
    assert {view[1:] for view in tall[1:]} == {(0, 100)} and {(view[0], view[2]) for view in wide[1:]} == {(0, 100)}


def test_other_files_and_pictures_are_refused(tmp_path):
    with pytest.raises(WeightsError, match="no node 'BoxPredictor_0"):
        PersonBoxes(write_pb(tmp_path / "empty.pb", {}))
    nodes = tiny_graph()
    nodes["pool2"] = nodes["pool1"]
    with pytest.raises(WeightsError, match=r"\(10, 10, 12\) where \(5, 5, 12\) is expected"):
        PersonBoxes(write_pb(tmp_path / "other.pb", nodes))
    detector = PersonBoxes(write_pb(tmp_path / "graph.pb", tiny_graph()))
    with pytest.raises(DataError, match="uint8"):
        detector(np.zeros((8, 8, 3)))


@pytest.mark.slow
def test_boxes_are_those_of_the_whole_real_graph():
    missing = what_is_missing("person-ssdlite")
    if missing:
        pytest.skip(missing)
    tf = pytest.importorskip("tensorflow")
    path = find("person-ssdlite")
    pixels = np.full((384, 384, 3), 150, np.uint8)
    with Image.open(PICTURE) as picture:
        pixels[64:320, 128:256] = picture.resize((128, 256))
    graph_def = tf.compat.v1.GraphDef.FromString(path.read_bytes())
    seen = person_boxes._seen(pixels, *views_of((384, 384))[0])[None]
    with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        tf.import_graph_def(graph_def, name="")
        names = ["detection_scores:0", "detection_boxes:0"]
        scores, boxes = (output[0] for output in session.run(names, {"image_tensor:0": seen}))
    found, codes = (np.asarray(output)[0] for output in PersonBoxes(path)._model.predict_on_batch(seen))
    assert scores[0] > 0.3 and found.max() == pytest.approx(scores[0], abs=1e-4)
    best = decode_boxes(codes, default_boxes())[found.argmax()]
    np.testing.assert_allclose(np.clip(best, 0, 1), boxes[0], atol=1e-4)

import numpy as np
import pytest

from pgig.errors import DataError, WeightsError
from pgig.pretrained import person_ssdlite
from pgig.pretrained.catalogue import find, what_is_missing
from pgig.pretrained.person_ssdlite import PersonSsdlite, in_square
from tests.weights.tiny_graphs import constant, write_pb

GATHER = person_ssdlite._INPUT
KERNELS = [np.random.default_rng(k).normal(size=(1, 1, 3, 4)).astype("float32") / 99 for k in range(6)]


def tiny_graph():
    """The names of the real graph around one large window per head; two boxes at each place."""
    nodes = {GATHER: ("TensorArrayGatherV3", ("nowhere",), {}), "bias": constant(np.full(4, -2, np.float32))}
    for head, kernel in enumerate(KERNELS):
        side, name = 100 // (head + 1), f"BoxPredictor_{head}/ClassPredictor"
        window = {"ksize": (1, side, side, 1), "strides": (1, side, side, 1), "padding": "VALID"}
        nodes |= {
            f"pool{head}": ("AvgPool", (GATHER,), window),
            f"{name}/weights": constant(kernel),
            f"{name}/Conv2D": ("Conv2D", (f"pool{head}", f"{name}/weights"), {"padding": "SAME"}),
            f"{name}/BiasAdd": ("BiasAdd", (f"{name}/Conv2D", "bias"), {}),
        }
    return nodes


def plain_score(pixels):
    logits = []
    for head, kernel in enumerate(KERNELS):
        side = 100 // (head + 1)
        cells = 300 // side
        means = in_square(pixels)[: cells * side, : cells * side].astype(float)
        means = means.reshape(cells, side, cells, side, 3).mean(axis=(1, 3))
        logits.append((means @ kernel[0, 0])[..., 1::2].max() - 2)
    return 1 / (1 + np.exp(-max(logits)))


def pictures(count, height, width):
    return np.random.default_rng(1).integers(0, 256, (count, height, width, 3)).astype(np.uint8)


def test_the_score_is_that_of_the_best_box_for_any_batch_and_size(tmp_path):
    path = write_pb(tmp_path / "graph.pb", tiny_graph())
    for batch_size, pixels in ((1, pictures(2, 64, 32)), (3, pictures(5, 40, 61))):
        network = PersonSsdlite(path, batch_size)
        scores = network(pixels)
        assert scores.shape == (len(pixels),) and scores.dtype == np.float32
        np.testing.assert_allclose(scores, [plain_score(picture) for picture in pixels], rtol=1e-4)
    assert network(pixels[:0]).shape == (0,)
    assert network.fingerprint.startswith("person-ssdlite-1-")


def test_a_picture_lies_in_the_middle_of_a_grey_square():
    square = in_square(np.full((200, 100, 3), 250, np.uint8))
    expected = np.full((300, 300, 3), 128, np.uint8)
    expected[50:250, 100:200] = 250
    np.testing.assert_array_equal(square, expected)
    assert in_square(np.zeros((1, 1, 3), np.uint8)).shape == (300, 300, 3)


def test_other_files_and_pictures_are_refused(tmp_path):
    with pytest.raises(WeightsError, match="no node 'BoxPredictor_0"):
        PersonSsdlite(write_pb(tmp_path / "empty.pb", {}))
    nodes = tiny_graph() | {"bias": constant(np.zeros(3, np.float32))}
    with pytest.raises(WeightsError, match="does not fit"):
        PersonSsdlite(write_pb(tmp_path / "bias.pb", nodes))
    nodes = tiny_graph() | {"BoxPredictor_3/ClassPredictor/BiasAdd": ("Relu", (GATHER,), {})}
    with pytest.raises(WeightsError, match="not of 2 classes"):
        PersonSsdlite(write_pb(tmp_path / "classes.pb", nodes))
    network = PersonSsdlite(write_pb(tmp_path / "graph.pb", tiny_graph()))
    for wrong in (np.zeros((2, 8, 8, 3)), np.zeros((8, 8, 3), np.uint8), np.zeros((1, 0, 8, 3), np.uint8)):
        with pytest.raises(DataError, match="uint8"):
            network(wrong)


@pytest.mark.slow
def test_scores_are_those_of_the_whole_real_graph_with_its_loops_and_boxes():
    missing = what_is_missing("person-ssdlite")
    if missing:
        pytest.skip(missing)
    tf = pytest.importorskip("tensorflow")
    path, pixels = find("person-ssdlite"), pictures(3, 128, 64)
    # Something like a head, a body and legs.
    pixels[1:] = 200
    for top, bottom, left, right, value in ((8, 26, 26, 38, 120), (26, 74, 18, 46, 40), (74, 120, 22, 42, 80)):
        pixels[1, top:bottom, left:right] = value
    graph_def = tf.compat.v1.GraphDef.FromString(path.read_bytes())
    with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        tf.import_graph_def(graph_def, name="")
        squares = [in_square(picture)[None] for picture in pixels]
        found = [session.run("detection_scores:0", {"image_tensor:0": square})[0, 0] for square in squares]
    np.testing.assert_allclose(PersonSsdlite(path)(pixels), found, atol=1e-5)

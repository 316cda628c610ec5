import json

import numpy as np
import pytest
from scipy.io import savemat
from scipy.special import log_softmax

from pgig.errors import DataError
from pgig.metrics.apr import ATTRIBUTES, IDENTITIES, apr, apr_losses, labels_of, read_attributes, read_identities

PEOPLE = ["0003", "0005", "1501"]


@pytest.fixture
def outputs():
    """Logits and labels of 70 pictures."""
    random = np.random.default_rng(0)
    identity = random.normal(0, 5, (70, IDENTITIES))
    attributes = [random.normal(0, 500, (70, classes)) for classes in ATTRIBUTES.values()]
    labels = np.stack([random.integers(0, classes, 70) for classes in ATTRIBUTES.values()], axis=1)
    return identity, attributes, random.integers(0, IDENTITIES, 70), labels


def test_attributes():
    assert len(ATTRIBUTES) == 27 and list(ATTRIBUTES.values()) == [2] * 9 + [4] + [2] * 17
    assert list(ATTRIBUTES)[9:12] == ["age", "upblack", "upwhite"] and list(ATTRIBUTES)[-1] == "downbrown"


def test_the_loss_of_each_picture(outputs):
    identity, attributes, people, labels = outputs
    rows = np.arange(70)
    expected = -8 * log_softmax(identity, axis=1)[rows, people]
    expected -= np.mean([log_softmax(a, axis=1)[rows, labels[:, i]] for i, a in enumerate(attributes)], axis=0)
    np.testing.assert_allclose(apr_losses(*outputs), expected, rtol=1e-12)


def test_the_printed_score_is_a_sum_of_batch_means_by_pictures():
    losses = np.arange(70.0)
    expected = (losses[:32].mean() + losses[32:64].mean() + losses[64:].mean()) / 70
    assert apr(losses) == pytest.approx({"apr": expected, "mean_loss": 34.5})
    assert np.isnan(apr([])["apr"]) and np.isnan(apr([])["mean_loss"])


def test_misfits_are_refused(outputs):
    identity, attributes, people, labels = outputs
    for broken in (
        (identity[:, 1:], attributes, people, labels),
        (identity * np.nan, attributes, people, labels),
        (identity, attributes[1:], people, labels),
        (identity, attributes[::-1], people, labels),
        (identity, attributes, people + IDENTITIES, labels),
        (identity, attributes, people, labels - 1),
        (identity, attributes, people, labels[:, 1:]),
        (identity, attributes, people.astype(float), labels),
    ):
        with pytest.raises(DataError, match="aPR got"):
            apr_losses(*broken)


def table(**changes):
    """The struct of one part, as the published file has it."""
    values = {name: np.arange(3)[None] % classes + 1 for name, classes in ATTRIBUTES.items()}
    index = np.array(PEOPLE, object)[None]
    return values | {"image_index": index} | changes


def write(path, content, **options):
    savemat(path, content, **options)
    return path


@pytest.fixture(params=[False, True], ids=["plain", "compressed"])
def attribute_file(request, tmp_path):
    parts = {"test": table(), "train": table(image_index=np.array(["0002", "0007", "0010"], object)[None])}
    content = {"before": 1, "market_attribute": parts}
    return write(tmp_path / "market_attribute.mat", content, do_compression=request.param)


def test_reading_attributes(attribute_file):
    attributes = read_attributes(attribute_file)
    assert list(attributes) == PEOPLE
    assert attributes["0003"].tolist() == [0] * 27
    assert attributes["0005"].tolist() == [1] * 27
    assert attributes["1501"].tolist() == [0] * 9 + [2] + [0] * 17
    assert list(read_attributes(attribute_file, "train")) == ["0002", "0007", "0010"]


@pytest.mark.parametrize(
    "content",
    [
        {"other": 1},
        {"market_attribute": 1.0},
        {"market_attribute": {"train": 1}},
        {"market_attribute": {"test": {"hat": 1}}},
        {"market_attribute": {"test": table(age=[[1, 2, 5]])}},
        {"market_attribute": {"test": table(hat=[[1, 2]])}},
        {"market_attribute": {"test": table(hat="hat")}},
        {"market_attribute": {"test": table(hat=[[1 + 1j, 1, 1]])}},
        {"market_attribute": {"test": table(image_index=[[1, 2, 3]])}},
        {"market_attribute": {"test": table(image_index=np.array(["0003", "0003", "1501"], object)[None])}},
    ],
)
def test_other_tables_are_refused(tmp_path, content):
    with pytest.raises(DataError, match="cannot be read as Market-1501's attributes"):
        read_attributes(write(tmp_path / "table.mat", content))


def test_damaged_tables_give_a_sentence(attribute_file):
    data, random = attribute_file.read_bytes(), np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(data[: random.integers(len(data))] if random.random() < 0.3 else data)
        for place in random.integers(0, max(1, len(damaged)), random.integers(1, 4)) if damaged else ():
            damaged[place] = random.integers(256)
        attribute_file.write_bytes(damaged)
        try:
            assert all(labels.shape == (27,) for labels in read_attributes(attribute_file).values())
        except DataError as error:
            assert "\n" not in str(error)


def test_a_file_that_is_not_there(tmp_path):
    for read in (read_attributes, read_identities):
        with pytest.raises(DataError, match="No such file"):
            read(tmp_path / "nothing")


def test_reading_identities(tmp_path):
    path = tmp_path / "ids.json"
    path.write_text(json.dumps({"0003": 0, "0005": 750}))
    assert read_identities(path) == {"0003": 0, "0005": 750}
    for text in ("", "[]", '{"0003": 751}', '{"0003": "1"}', '{"0003": true}', "[" * 100000):
        path.write_text(text)
        with pytest.raises(DataError, match="is no JSON table of persons"):
            read_identities(path)


def test_labels_by_the_first_four_characters(attribute_file):
    attributes = read_attributes(attribute_file)
    identities = {"0003": 5, "1501": 7}
    people, labels = labels_of(["1501_c1.jpg", "0003_c2.jpg"], identities, attributes)
    assert people.tolist() == [7, 5]
    np.testing.assert_array_equal(labels, [attributes["1501"], attributes["0003"]])
    assert labels_of([], identities, attributes)[1].shape == (0, 27)
    with pytest.raises(DataError, match="no number of person '0005'"):
        labels_of(["0005_c1.jpg"], identities, attributes)
    with pytest.raises(DataError, match="no attributes of person '0009'"):
        labels_of(["0009_c1.jpg"], {"0009": 1}, attributes)

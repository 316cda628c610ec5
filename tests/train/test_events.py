"""TensorBoard event files, read by TensorFlow's own messages where it is installed, else by their bytes."""

import numpy as np
import pytest

from pgig.data.tfrecord import read_records
from pgig.errors import StorageError
from pgig.train.events import EventFile
from tests.conftest import file_size_limit


def write(folder):
    file = EventFile(folder, 300)
    file.scalars({"generator/loss": 1.5, "generator/l1_loss": -2e9}, 1_000_000)
    file.picture("samples", np.full((5, 300, 3), 7, np.uint8), 7)
    return file.path


def test_tensorflow_reads_them(tmp_path):
    messages = pytest.importorskip("tensorflow.core.util.event_pb2")
    version, start, scalars, picture = (
        messages.Event.FromString(payload) for payload in read_records(write(tmp_path / "log"))
    )
    assert version.file_version == "brain.Event:2" and version.wall_time > 1.6e9
    assert start.step == 300 and start.session_log.status == messages.SessionLog.START
    assert scalars.step == 1_000_000
    values = {value.tag: value.simple_value for value in scalars.summary.value}
    assert values == pytest.approx({"generator/loss": 1.5, "generator/l1_loss": -2e9})
    image = picture.summary.value[0].image
    assert (picture.step, image.height, image.width, image.colorspace) == (7, 5, 300, 3)
    assert image.encoded_image_string.startswith(b"\x89PNG")


def test_they_are_records_that_tensorboard_finds(tmp_path):
    path = write(tmp_path / "log")
    assert path.name.startswith("events.out.tfevents.")
    payloads = list(read_records(path))
    assert len(payloads) == 4 and b"brain.Event:2" in payloads[0] and b"generator/l1_loss" in payloads[2]


def test_a_full_disk_is_an_error_of_the_call(tmp_path):
    file = EventFile(tmp_path / "log", 0)
    with file_size_limit(2_000), pytest.raises(StorageError, match="No space is left"):
        file.picture("samples", np.random.default_rng(0).integers(0, 256, (50, 50, 3)).astype(np.uint8), 1)

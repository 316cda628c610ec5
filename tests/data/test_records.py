import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pgig.data.dataset import open_images
from pgig.data.folders import FolderSource, list_dataset
from pgig.data.records import BACKGROUND, ENCODED, Records, build, is_current, open_records
from pgig.errors import DataError
from tests.data.conftest import write_picture


def test_records_hold_what_the_folders_hold(paths):
    listing = list_dataset(paths)
    build(paths.records_dir, listing, progress=False, shard_bytes=4000)
    records, folders = Records(paths.records_dir), FolderSource(listing)
    assert len(records) == len(listing.names) == 12
    assert len(list(Path(paths.records_dir).glob("*.tfrecord"))) > 1
    for number, name in enumerate(listing.names):
        example = records.example(number)
        assert example["image/name"] == [name.encode()]
        assert example["image/identity"] == [name[0].encode()]
        assert example["image/keypoints"] == listing.keypoints[number, :, :2].ravel().tolist()
        assert records.encoded(number) == folders.encoded(number)
        assert records.encoded_background(number) == folders.encoded_background(number)


def test_tensorflow_reads_the_shards(paths):
    import tensorflow as tf

    open_images(paths, progress=False)
    shards = sorted(map(str, Path(paths.records_dir).glob("*.tfrecord")))
    schema = {name: tf.io.FixedLenFeature([], tf.string) for name in (ENCODED, BACKGROUND, "image/sha256")}
    schema["image/keypoints"] = tf.io.FixedLenFeature([18, 2], tf.int64)
    for record in tf.data.TFRecordDataset(shards):
        assert tf.io.parse_single_example(record, schema)["image/keypoints"].shape == (18, 2)


def test_records_are_made_once_and_again_when_an_input_changes(paths):
    first = open_images(paths, progress=False).pixels(0)
    manifest = Path(paths.records_dir, "manifest.json")
    made = manifest.stat().st_mtime_ns
    open_images(paths, progress=False)
    assert manifest.stat().st_mtime_ns == made

    listing = list_dataset(paths)
    write_picture(Path(listing.files[0]), np.random.default_rng(9))
    assert not is_current(paths.records_dir, list_dataset(paths))
    assert (open_images(paths, progress=False).pixels(0) != first).any()

    table = Path(paths.annotations_file_train)
    table.write_text(table.read_text().replace(": [", ":["))
    assert not is_current(paths.records_dir, list_dataset(paths))


@pytest.mark.parametrize("name", ["manifest.json", "index.npz", "00000.tfrecord"])
def test_incomplete_records_are_made_again(paths, name):
    open_images(paths, progress=False)
    file = Path(paths.records_dir, name)
    file.write_bytes(file.read_bytes()[:-1])
    listing = list_dataset(paths)
    assert not is_current(paths.records_dir, listing)
    open_records(paths.records_dir, listing, progress=False)
    assert is_current(paths.records_dir, listing)


def test_a_damaged_record_is_one_sentence(paths):
    open_images(paths, progress=False)
    shard = Path(paths.records_dir, "00000.tfrecord")
    data = bytearray(shard.read_bytes())
    data[40] ^= 1
    shard.write_bytes(data)
    with pytest.raises(DataError, match=r"00000\.tfrecord is damaged"):
        open_images(paths, progress=False).pixels(0)


def test_a_damaged_index_is_one_sentence(paths):
    open_images(paths, progress=False)
    index = Path(paths.records_dir, "index.npz")
    index.write_bytes(b"x" * index.stat().st_size)
    with pytest.raises(DataError, match="delete that folder"):
        open_images(paths, progress=False)


def test_any_manifest_is_current_or_not(paths):
    listing = list_dataset(paths)
    open_records(paths.records_dir, listing, progress=False)
    manifest = Path(paths.records_dir, "manifest.json")
    good = manifest.read_bytes()
    for place in range(len(good)):
        manifest.write_bytes(good[:place] + b"9" + good[place + 1 :])
        assert is_current(paths.records_dir, listing) in (True, False)
    for text in ("[]", "null", "{}", "3", '{"files": 3}', "[" * 99999):
        manifest.write_text(text)
        assert not is_current(paths.records_dir, listing)
    assert json.loads(good)["pictures"] == 12


def test_a_damaged_picture_stops_the_building_and_leaves_nothing(paths):
    file = Path(list_dataset(paths).files[5])
    file.write_bytes(file.read_bytes()[:300])
    with pytest.raises(DataError, match=file.name):
        open_images(paths, progress=False)
    assert not [entry for entry in Path(paths.records_dir).parent.iterdir() if "records" in entry.name]


def test_where_nothing_can_be_written_the_folders_are_read(paths, capsys):
    blocked = replace(paths, records_dir=paths.pairs_file_train + "/records")
    images = open_images(blocked, progress=False)
    assert isinstance(images.source, FolderSource)
    assert capsys.readouterr().err.count("\n") == 1
    assert images.pixels(0).shape == (32, 16, 3)


# Builds the records, but halts after the fifth picture and says so.
HALTING = """
import sys, time
from pgig.config import DataPaths
from pgig.data import records
from pgig.data.folders import list_dataset
paths = DataPaths(**{paths!r})
features = records._features
def halting(listing, source, number):
    if number == 5:
        print("here", flush=True)
        time.sleep(60)
    return features(listing, source, number)
records._features = halting
records.open_records(paths.records_dir, list_dataset(paths), progress=False)
"""


def test_a_killed_building_leaves_no_records_and_its_rest_is_swept(paths):
    parent = Path(paths.records_dir).parent
    program = HALTING.format(paths=vars(paths))
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=os.getcwd()
    ) as process:
        assert process.stdout.readline() == b"here\n"
        process.send_signal(signal.SIGKILL)
    assert not Path(paths.records_dir).exists()
    assert len([entry for entry in parent.iterdir() if "records" in entry.name]) == 1

    start = time.monotonic()
    open_images(paths, progress=False)
    assert time.monotonic() - start < 10
    assert [entry.name for entry in parent.iterdir() if "records" in entry.name] == ["records"]

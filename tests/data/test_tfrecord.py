import random
import struct

import pytest

from pgig.data.tfrecord import decode_example, encode_example, frame, masked_crc, read_record, read_records
from pgig.errors import DataError

FEATURES = {"bytes": [b"\x00\xff", b""], "ints": [1, -1, 2**40], "floats": [0.5, -2.0], "none": []}


@pytest.fixture
def record_file(tmp_path):
    path = tmp_path / "a.tfrecord"
    path.write_bytes(b"".join(frame(payload) for payload in (b"first", b"", encode_example(FEATURES))))
    return path


def test_round_trip(record_file):
    payloads = list(read_records(record_file))
    assert payloads[:2] == [b"first", b""]
    assert decode_example(payloads[2]) == FEATURES
    with open(record_file, "rb") as file:
        assert read_record(file, len(frame(b"first"))) == b""


def test_tensorflow_reads_our_files_and_we_read_its(record_file, tmp_path):
    import tensorflow as tf

    theirs = [record.numpy() for record in tf.data.TFRecordDataset(str(record_file))]
    assert theirs == list(read_records(record_file))
    schema = {"bytes": tf.io.VarLenFeature(tf.string), "ints": tf.io.FixedLenFeature([3], tf.int64)}
    parsed = tf.io.parse_example(theirs[2:], schema)
    assert parsed["ints"].numpy().tolist() == [FEATURES["ints"]]
    assert parsed["bytes"].values.numpy().tolist() == FEATURES["bytes"]

    example = tf.train.Example()
    example.features.feature["x"].float_list.value.extend([1.5])
    example.features.feature["y"].bytes_list.value.append(b"z")
    with tf.io.TFRecordWriter(str(tmp_path / "b.tfrecord")) as writer:
        writer.write(example.SerializeToString())
    (payload,) = read_records(tmp_path / "b.tfrecord")
    assert decode_example(payload) == {"x": [1.5], "y": [b"z"]}


def test_masked_crc_of_the_format():
    # CRC-32C of "123456789" is 0xE3069283.
    assert masked_crc(b"123456789") == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) % 2**32


def test_every_truncation_is_one_sentence(record_file):
    whole = record_file.read_bytes()
    ends = {len(frame(b"first")), len(frame(b"first")) + len(frame(b"")), 0}
    for length in range(len(whole)):
        record_file.write_bytes(whole[:length])
        if length in ends:
            list(read_records(record_file))
            continue
        with pytest.raises(DataError, match=r"a\.tfrecord is cut short"):
            list(read_records(record_file))


def test_every_damaged_byte_is_noticed(record_file):
    whole = record_file.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        record_file.write_bytes(damaged)
        with pytest.raises(DataError):
            list(read_records(record_file))


def test_an_absurd_length_allocates_nothing(record_file):
    length = struct.pack("<Q", 2**62)
    record_file.write_bytes(length + struct.pack("<I", masked_crc(length)) + b"x")
    with pytest.raises(DataError, match="cut short"):
        list(read_records(record_file))


def test_any_bytes_give_features_or_a_data_error():
    rng, good = random.Random(0), encode_example(FEATURES)
    for _ in range(2000):
        damaged = bytearray(good)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        try:
            assert isinstance(decode_example(bytes(damaged)), dict)
        except DataError:
            pass


def test_mixed_features_are_refused():
    with pytest.raises(TypeError, match="mixed"):
        encode_example({"mixed": [1, b"a"]})

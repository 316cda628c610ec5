"""Checkpoints of TensorFlow: types, shards, damage, hostile files, files of TensorFlow itself."""

import numpy as np
import pytest

from pgig.errors import WeightsError
from pgig.weights import sorted_table as reader
from pgig.weights.tensorflow_checkpoint import _MESSAGES, is_checkpoint, read_checkpoint
from tests.weights.writing import block, checkpoint, damaged, sorted_table, varint, write_files

RANDOM = np.random.default_rng(0)
ARRAYS = {f"G/Conv_{k}/weights": RANDOM.normal(size=(3, 3, k, 2)).astype(np.float32) for k in range(12)}
ARRAYS |= {f"G/Conv_{k}/weights/Adam": np.zeros((3, 3, k, 2), np.float32) for k in range(12)}
ARRAYS |= {"step": np.array(7, np.int32), "beta1_power": np.array(0.5, np.float32)}


@pytest.fixture
def written(tmp_path):
    """`written(files)` -> common start of their names."""
    return lambda files: write_files(tmp_path / "model.ckpt-0", files)


def refused(path, match, name=None):
    with pytest.raises(WeightsError, match=match) as caught:
        found = read_checkpoint(path)
        assert name is not None, "the index was read"
        found[name]
    assert "\n" not in str(caught.value)


def same(found, arrays):
    assert list(found) == sorted(arrays) and len(found) == len(arrays)
    assert found.shapes == {name: array.shape for name, array in arrays.items()}
    for name, array in found.items():
        np.testing.assert_array_equal(array, arrays[name], strict=True)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("shards", [1, 3])
def test_every_array_comes_back(written, shards, order):
    prefix = written(checkpoint(ARRAYS, shards, order))
    for end in ("", ".index", f".data-00000-of-{shards:05d}"):
        path = prefix.with_name(prefix.name + end)
        assert is_checkpoint(path)
        same(read_checkpoint(str(path)), ARRAYS)


@pytest.mark.parametrize("order", "<>")
def test_types(written, order):
    arrays = {dtype: np.array([[0, 1, -2], [3, 100, 5]]).astype(dtype) for dtype in ("f2", "f4", "f8", "i4", "i8")}
    same(read_checkpoint(written(checkpoint(arrays, order=order))), arrays)


def test_nothing_is_read_before_it_is_asked_for(written, tmp_path):
    prefix = written(checkpoint(ARRAYS, 2))
    found = read_checkpoint(prefix)
    for file in tmp_path.glob("*.data-*"):
        file.unlink()
    assert "step" in found and "other" not in found and found.shapes["G/Conv_3/weights"] == (3, 3, 3, 2)
    with pytest.raises(KeyError):
        found["other"]
    with pytest.raises(WeightsError, match="cannot be read"):
        found["step"]


def test_other_paths(written, tmp_path):
    files = checkpoint(ARRAYS)
    refused(tmp_path / "none", "index .*none.index .* does not exist")
    prefix = written({end: data for end, data in files.items() if "data" in end})
    refused(f"{prefix}.data-00000-of-00001", "index .* does not exist")
    assert is_checkpoint(prefix)
    refused(prefix, "keep the .index file beside the .data files")
    prefix = written(files)
    prefix.with_name("model.ckpt-0.data-00000-of-00001").unlink()
    refused(prefix, "data-00000-of-00001 does not exist: keep all files")
    (tmp_path / "folder.index").mkdir()
    refused(tmp_path / "folder", "cannot be read")
    for other in (tmp_path, tmp_path / "none", ".", "/"):
        assert not is_checkpoint(other)
    (tmp_path / "text").write_text("hello")
    assert not is_checkpoint(tmp_path / "text")


def test_the_first_version_is_refused_with_the_way_to_convert_it(tmp_path):
    (tmp_path / "model.ckpt-0").write_bytes(sorted_table([(b"", b"\n\0"), (b"\0weights", b"values")]))
    assert is_checkpoint(tmp_path / "model.ckpt-0")
    refused(tmp_path / "model.ckpt-0", "first version .* tf.train.load_checkpoint .* tf.raw_ops.SaveV2")


def changed(name, **fields):
    """A checkpoint with other values in one message of its index."""

    def change(messages):
        for field, value in fields.items():
            setattr(messages[name], field, value)

    return checkpoint(ARRAYS, change=change)


def reshaped(*shape, unknown=False):
    def change(messages):
        message = messages["step"].shape
        message.unknown_rank = unknown
        for size in shape:
            message.dim.add(size=size)

    return checkpoint(ARRAYS, change=change)


HOSTILE = {
    "more bytes than the shape": (changed("step", size=8), "'step' has 8 bytes for the shape"),
    "fewer": (changed("step", size=-4), "-4 bytes"),
    "before the file": (changed("step", offset=-4), "4 bytes for the shape"),
    "behind the file": (changed("step", offset=2**40), "cut short: it ends within the values of 'step'"),
    "another shard": (changed("step", shard_id=1), "data file 1 of 1"),
    "no shard": (changed("step", shard_id=-1), "data file -1 of 1"),
    "shards that are not there": (changed("", num_shards=2), "00000-of-00002 does not exist"),
    "an order of bytes": (changed("", endianness=2), "later reader"),
    "a later version": (
        checkpoint({}, change=lambda messages: setattr(messages[""].version, "min_consumer", 2)),
        "later reader",
    ),
    "a huge shape": (reshaped(2**40, 2**40), "4 bytes for the shape"),
    "a negative shape": (reshaped(-1, -1), "impossible shape"),
    "many axes": (reshaped(*[1] * 17), "impossible shape"),
    "no shape": (reshaped(unknown=True), "impossible shape"),
    "no header": ({".index": sorted_table([(b"step", b"")])}, "no header"),
    "nothing": ({".index": sorted_table([])}, "no header"),
    "no message": ({".index": sorted_table([(b"", b"\xff")])}, "no such messages"),
    "a name in no alphabet": ({".index": sorted_table([(b"", b""), (b"\xff", b"")])}, "utf-8"),
    "a huge entry": ({".index": sorted_table([(b"", b""), (b"a", bytes(2**17))])}, "entry of 131072 bytes"),
    "no order": ({".index": sorted_table([(b"", b""), (b"b", b""), (b"a", b"")])}, "not in order"),
    "one name twice": ({".index": sorted_table([(b"", b""), (b"a", b""), (b"a", b"")])}, "not in order"),
    "a long name": ({".index": sorted_table([(b"", b""), (b"a" * 1025, b"")])}, "does not fit into its block"),
    "a compressed table": ({".index": sorted_table([(b"", b"")], compression=1)}, "compressed"),
    "another file": ({".index": b"x" * 100}, "does not end like a sorted table"),
    "an empty file": ({".index": b""}, "does not end like a sorted table"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_indices(written, what):
    files, match = HOSTILE[what]
    refused(written(files), match)


def whole_table(contents, handles):
    """A table of one block, and an index block with the given handles."""
    body = b""
    places = []
    for part in (contents, block([(number.to_bytes(2), handle) for number, handle in enumerate(handles)], 1)):
        places.append(varint(len(body)) + varint(len(part)))
        body += part + b"\0" + reader.masked_crc(part + b"\0").to_bytes(4, "little")
    return body + (varint(0) * 2 + places[1]).ljust(40, b"\0") + reader.MAGIC


def test_hostile_tables():
    good = block([(b"a", b"1"), (b"b", b"2")])
    handle = varint(0) + varint(len(good))
    assert list(reader.entries(whole_table(good, [handle]))) == [(b"a", b"1"), (b"b", b"2")]
    tables = {
        # A small file that would be read a thousand times over.
        "overlap": whole_table(good, [handle] * 1000),
        "ends behind": whole_table(good, [varint(0) + varint(2**60)]),
        "has no end": whole_table(good, [b"\xff" * 11]),
        "checksum": whole_table(good, [varint(0) + varint(len(good) - 1)]),
        "shorter than its own": whole_table(b"\xff" * 4, [varint(0) + varint(4)]),
        "does not fit": whole_table(b"\x05\1\0a" + good[-8:], [varint(0) + varint(12)]),
    }
    for match, data in tables.items():
        with pytest.raises(ValueError, match=match):
            list(reader.entries(data))
    many = block([(number.to_bytes(3), b"") for number in range(2**17 + 1)])
    with pytest.raises(ValueError, match="more than 131072 entries"):
        list(reader.entries(whole_table(many, [varint(0) + varint(len(many))])))


def test_what_is_no_number_is_refused_when_it_is_asked_for(written):
    def change(messages):
        messages["step"].dtype = 7
        messages["beta1_power"].slices.add()

    prefix = written(checkpoint(ARRAYS, change=change))
    refused(prefix, "'step' .* has TensorFlow's type 7", "step")
    refused(prefix, "'beta1_power' .* in slices", "beta1_power")
    np.testing.assert_array_equal(read_checkpoint(prefix)["G/Conv_1/weights"], ARRAYS["G/Conv_1/weights"])


def test_damaged_files_give_the_right_values_or_a_sentence(written):
    files = checkpoint(ARRAYS)
    for end, whole in files.items():
        outcomes = set()
        for data in damaged(whole, 150):
            prefix = written(files | {end: data})
            try:
                same(read_checkpoint(prefix), ARRAYS)
            except WeightsError as error:
                assert "\n" not in str(error)
                outcomes.add("a sentence")
            else:
                # Only the footer has bytes that nothing depends on.
                assert data == whole or end == ".index" and data[:-48] == whole[:-48]
        assert outcomes


def test_files_that_tensorflow_writes(tmp_path):
    tf = pytest.importorskip("tensorflow")
    save = tf.raw_ops.SaveV2
    arrays = {"a/b": np.arange(6, dtype=np.float32).reshape(2, 3), "a/c": np.array(5), "a/none": np.zeros((0, 2))}
    arrays |= {"half": np.array([0.5, 2], np.float16), "step": np.array(3, np.int32)}
    first, second, third, whole = (str(tmp_path / name) for name in ("first", "second", "third", "whole"))
    save(prefix=first, tensor_names=[*arrays], shape_and_slices=[""] * len(arrays), tensors=[*arrays.values()])
    same(read_checkpoint(first), arrays)

    text = tf.constant(["x", "yy"])
    save(prefix=second, tensor_names=["text"], shape_and_slices=[""], tensors=[text])
    slices = ["4 2 0,2:-", "4 2 2,2:-"]
    save(prefix=third, tensor_names=["part"] * 2, shape_and_slices=slices, tensors=[np.zeros((2, 2)), np.ones((2, 2))])
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=[first, second, third], destination_prefix=whole)
    found = read_checkpoint(whole)
    assert len(list(tmp_path.glob("whole.data-*-of-00003"))) == 3
    assert found.shapes == {name: array.shape for name, array in arrays.items()} | {"part": (4, 2), "text": (2,)}
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array, strict=True)
    refused(whole, "in slices", "part")
    refused(whole, "type 7", "text")


def test_tensorflow_reads_what_the_tests_write(tmp_path):
    tf = pytest.importorskip("tensorflow")
    theirs = tf.train.load_checkpoint(str(write_files(tmp_path / "x", checkpoint(ARRAYS, 2))))
    assert {name: tuple(shape) for name, shape in theirs.get_variable_to_shape_map().items()} == {
        name: array.shape for name, array in ARRAYS.items()
    }
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(theirs.get_tensor(name), array)


def test_the_first_version_is_converted_as_the_sentence_says(tmp_path):
    tf = pytest.importorskip("tensorflow")
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        v1.get_variable("scope/weights", initializer=ARRAYS["G/Conv_2/weights"])
        session.run(v1.global_variables_initializer())
        old = v1.train.Saver(write_version=v1.train.SaverDef.V1).save(session, str(tmp_path / "old.ckpt"))
    assert is_checkpoint(old)
    refused(old, "first version")

    theirs = tf.train.load_checkpoint(old)
    names = list(theirs.get_variable_to_shape_map())
    tensors = [theirs.get_tensor(name) for name in names]
    new = str(tmp_path / "new.ckpt")
    tf.raw_ops.SaveV2(prefix=new, tensor_names=names, shape_and_slices=[""] * len(names), tensors=tensors)
    same(read_checkpoint(new), {"scope/weights": ARRAYS["G/Conv_2/weights"]})


def test_field_numbers_are_tensorflows():
    protobuf = pytest.importorskip("tensorflow.core.protobuf.tensor_bundle_pb2")
    theirs = {"Header": protobuf.BundleHeaderProto, "Entry": protobuf.BundleEntryProto}
    for name, message in theirs.items():
        fields = {field.name: field for field in message.DESCRIPTOR.fields}
        for field in _MESSAGES[name].DESCRIPTOR.fields:
            assert (field.number, field.is_repeated) == (fields[field.name].number, fields[field.name].is_repeated)

"""Batches by tf.data: a Python generator reads records at their offsets, TensorFlow's threads parse and
decode them.

The pixels equal Pillow's bit for bit: both decode with libjpeg's accurate integer transform and smooth chroma
upsampling.
"""

from itertools import chain, islice

import keras
import numpy as np
import tensorflow as tf

from pgig.data.records import BACKGROUND, ENCODED
from pgig.errors import DataError, PgigError

# Pairs that cross from Python to TensorFlow at a time. A crossing costs as much as decoding several pictures.
CHUNK = 256


def tensorflow_feed(images, batches, use_bg):
    """Turn numbers into batches, ahead of the consumer.

    Args:
        images: `pgig.data.dataset.ImageSet` with records.
        batches: iterable of (B, 2) int: numbers of source and target pictures; only the last may be smaller.
        use_bg: whether to add the backgrounds of the targets.

    Yields:
        dict for each, as `pgig.data.feed_python.assemble` gives it: of tensors when Keras runs on TensorFlow,
        else numpy.

    Raises:
        DataError: a record is damaged.
    """
    batches = iter(batches)
    first = next(batches, None)
    if first is None:
        return
    on_tensorflow = keras.backend.backend() == "tensorflow"
    if not on_tensorflow:
        # The accelerator belongs to another framework: TensorFlow must not reserve its memory.
        tf.config.set_visible_devices([], "GPU")

    failures = []
    with tf.device("CPU:0"):
        dataset = _dataset(images, chain([first], batches), len(first), use_bg, failures)
        iterator = iter(dataset)
    try:
        for batch in iterator:
            yield batch if on_tensorflow else {key: value.numpy() for key, value in batch.items()}
    except tf.errors.OpError as error:
        raise DataError(
            f"TensorFlow cannot decode a picture of the records ({error.message[:200]}): save it anew."
        ) from error
    if failures:
        raise failures[0]


def _dataset(images, batches, batch_size, use_bg, failures):
    """The pipeline. An error met while reading ends it and goes into `failures`."""
    height, width = images.size
    features = [ENCODED, BACKGROUND] if use_bg else [ENCODED]
    schema = {name: tf.io.FixedLenFeature([], tf.string) for name in features}

    def chunks():
        try:
            while some := list(islice(batches, max(1, CHUNK // batch_size))):
                numbers = np.concatenate(some)
                records = [images.source.serialized(number) for number in numbers.ravel()]
                yield np.array(records, object), images.keypoints[numbers]
        except PgigError as error:
            failures.append(error)

    def parse(records, keypoints):
        encoded = tf.io.parse_example(records, schema)
        return {name: tf.reshape(encoded[name], (-1, 2)) for name in features}, keypoints

    def decode(encoded):
        # Despite its name the operation reads PNG too.
        pixels = tf.io.decode_jpeg(encoded, channels=3, dct_method="INTEGER_ACCURATE")
        return tf.ensure_shape(pixels, (height, width, 3))

    def pair(encoded, keypoints):
        sides = {}
        for column, side in enumerate(("source", "target")):
            sides[f"{side}_pixels"] = decode(encoded[ENCODED][column])
            sides[f"{side}_keypoints"] = keypoints[column]
        if use_bg:
            sides["target_background"] = decode(encoded[BACKGROUND][1])
        return sides

    signature = (
        tf.TensorSpec((None,), tf.string),
        tf.TensorSpec((None, 2, *images.keypoints.shape[1:]), tf.float32),
    )
    dataset = tf.data.Dataset.from_generator(chunks, output_signature=signature)
    dataset = dataset.map(parse).unbatch().map(pair, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return dataset.batch(batch_size).prefetch(tf.data.AUTOTUNE)

"""The pool of earlier pictures against the rule for one picture at a time."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.losses.image_pool import ImagePool
from pgig.train.step import engine

SHAPE = (2, 2, 1)


def pool_of(size):
    pool = ImagePool(size)
    pool.build((None, *SHAPE))
    return pool


def numbered(numbers):
    """Pictures that are told apart by their value."""
    return np.broadcast_to(np.float32(numbers)[:, None, None, None], (len(numbers), *SHAPE))


def draws(pool, number):
    """The coins and places that the pool will draw next."""
    twin = keras.random.SeedGenerator(0)
    twin.state.assign(pool.random.state)
    coin = keras.random.uniform((number,), seed=twin)
    place = keras.random.randint((number,), 0, pool.size, seed=twin)
    return ops.convert_to_numpy(coin), ops.convert_to_numpy(place)


def one_by_one(stored, pictures, coins, places, size):
    """The original's rule; changes the list `stored`."""
    returned = []
    for picture, coin, place in zip(pictures, coins, places, strict=True):
        if len(stored) < size:
            stored.append(picture)
        elif coin > 0.5:
            picture, stored[place] = stored[place], picture
        returned.append(picture)
    return returned


@pytest.mark.parametrize(("size", "batch"), [(3, 8), (5, 4), (4, 1), (1, 6)])
def test_a_batch_is_exchanged_as_one_picture_after_the_other(size, batch):
    pool, stored, drawn_from_batch = pool_of(size), [], 0
    for step in range(12):
        numbers = np.arange(batch) + 100.0 * (step + 1)
        expected = one_by_one(stored, numbers, *draws(pool, batch), size)
        returned = ops.convert_to_numpy(pool(ops.convert_to_tensor(numbered(numbers))))
        np.testing.assert_array_equal(returned, numbered(expected))
        np.testing.assert_array_equal(ops.convert_to_numpy(pool.pictures)[: len(stored)], numbered(stored))
        assert int(ops.convert_to_numpy(pool.count)) == len(stored)
        drawn_from_batch += sum(value in numbers[:place] for place, value in enumerate(expected))
    assert drawn_from_batch or batch < size


def test_half_of_the_pictures_are_exchanged():
    pool = pool_of(4)
    pool(ops.convert_to_tensor(numbered(range(4))))
    numbers = np.arange(10.0, 1010.0)
    returned = ops.convert_to_numpy(pool(ops.convert_to_tensor(numbered(numbers))))[:, 0, 0, 0]
    assert 0.4 < np.mean(returned == numbers) < 0.6


def test_no_pool_returns_every_picture():
    pool = pool_of(0)
    pictures = numbered([1.0, 2.0])
    np.testing.assert_array_equal(ops.convert_to_numpy(pool(ops.convert_to_tensor(pictures))), pictures)
    assert pool.variables == []


def test_the_pool_and_its_draws_come_back_with_its_variables():
    """Compiled, and in batches of several sizes."""

    def compiled(pool):
        return engine.compiled(lambda batch: pool(batch["x"]), pool.variables, pool.variables)

    first, second = pool_of(3), pool_of(3)
    step = compiled(first)
    for size in (2, 3, 2):
        step({"x": numbered(range(size))})
    for ours, theirs in zip(second.variables, first.variables, strict=True):
        ours.assign(ops.convert_to_numpy(theirs))
    again = compiled(second)
    for start in (10, 20, 30):
        batch = {"x": numbered(range(start, start + 4))}
        np.testing.assert_array_equal(*(ops.convert_to_numpy(call(batch)) for call in (step, again)))
    np.testing.assert_array_equal(*(ops.convert_to_numpy(pool.pictures) for pool in (first, second)))


def test_the_number_of_pictures_may_be_unknown():
    pool = pool_of(2)
    model_input = keras.Input(SHAPE)
    model = keras.Model(model_input, pool(model_input))
    pictures = numbered([1.0, 2.0])
    np.testing.assert_array_equal(ops.convert_to_numpy(model(pictures)), pictures)
    assert int(ops.convert_to_numpy(pool.count)) == 2

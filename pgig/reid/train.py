"""`python -m pgig train-reid`: train a network to tell the people of a folder apart, for its features.

Keras's own loop trains an epoch at a time; after each, the state is saved as `pgig.train.state` does it. What is random
in an epoch follows from the seed and its number, so that a run that was killed ends as one that was not.
"""

from pathlib import Path

import keras
import numpy as np

from pgig.errors import NumericsError, OptionsError, StorageError
from pgig.pretrained.catalogue import digest_of
from pgig.reid.files import begin_with, save
from pgig.reid.networks import RECIPES, build
from pgig.reid.pictures import Epoch, labelled
from pgig.train import state
from pgig.train.step import engine
from pgig.utils.files import require_folder
from pgig.utils.locks import alone_in
from pgig.utils.progress import progress_bar
from pgig.utils.random import seed_for
from pgig.utils.words import counted

_MOMENTUM = 0.9


def run(
    folder, output, network="resnet50", weights=None, epochs=None, batch_size=16, learning_rate=None, size=None,
    scaling="imagenet", moved=True, seed=0,
):  # fmt: skip
    """Train a network, going on from where an earlier run of the same pictures and arguments stopped.

    The state lies in `<output>.state`, apart for each set of arguments; more `epochs` go on from a run of fewer.

    Args:
        folder: pictures with names as in Market-1501; see `pgig.reid.pictures.labelled`.
        output: weight file to write, see `pgig.reid.files`.
        network: key of `pgig.reid.networks.RECIPES`.
        weights: weight file to begin with, see `pgig.reid.files.begin_with`; None: random numbers.
        epochs: passes over the pictures; 0 writes the untrained network. None: the recipe's.
        batch_size: pictures of an update.
        learning_rate: of stochastic gradient descent; None: the recipe's.
        size: (height, width) to which pictures are resized; None: the recipe's.
        scaling: one of `pgig.pretrained.resnet50_reid.SCALINGS`.
        moved: whether pictures are turned and shifted at random.
        seed: of initial weights, order, moves and dropout.

    Raises:
        PgigError: one sentence for whatever the user can mend.
        KeyboardInterrupt: Ctrl-C; the epochs that were done are kept.
    """
    recipe = RECIPES[network]
    size, rate = size or recipe.size, learning_rate or recipe.learning_rate
    epochs = recipe.epochs if epochs is None else epochs
    if min(size) < recipe.least:
        raise OptionsError(f"--image_size {size[0]},{size[1]} is too small for {network}: give {recipe.least} or more.")
    data = labelled(folder)
    if batch_size > len(data.files):
        held = counted(len(data.files), "picture")
        raise OptionsError(f"{folder} holds {held} of people: lower --batch_size {batch_size}.")
    if Path(output).is_dir():
        raise StorageError(f"{output} is a folder: give the name of a file, ending in .h5.")
    require_folder(Path(output).parent)

    config = {"network": network, "people": data.people, "scaling": scaling, "size": list(size)}
    settings = {"batch_size": batch_size, "learning_rate": rate, "moved": moved, "seed": seed, "pictures": data.mark}
    fixed = config | settings | {"weights": weights and digest_of(weights)}
    states = Path(f"{output}.state") / f"{seed_for(seed, repr(sorted(fixed.items()))):08x}"

    engine.prepare()
    keras.utils.set_random_seed(seed_for(seed, "weights"))
    features, classifier = build(network, data.people, scaling)
    if weights:
        begin_with(features, network, weights)
    _compile(classifier, rate)
    with alone_in(states.parent, lambda: _refuse(output)):
        owners = {"network": classifier.weights, "optimizer": classifier.optimizer.variables}
        done = (state.restore(states, owners, fixed) or {"epochs": 0})["epochs"]
        print(f"{len(data.files)} pictures of {data.people} people; {min(done, epochs)} of {epochs} epochs are done.")
        if done > epochs:
            held = counted(done, "epoch")
            raise OptionsError(f"{states} holds {held} already: give at least --epochs {done}, or remove it.")
        try:
            for epoch in range(done, epochs):
                _train(classifier, Epoch(data, size, batch_size, seed, epoch, moved), epoch, seed)
                state.save(states, epoch + 1, state.snapshot(owners, states, epoch + 1), {"epochs": epoch + 1}, fixed)
        except KeyboardInterrupt:
            raise KeyboardInterrupt("The same command goes on from the last epoch that was done.") from None
        save(output, classifier, config)
    trained = counted(epochs, "epoch")
    print(f"The network after {trained}: {output}. `python -m pgig reid-features` computes its features.")


def _compile(classifier, learning_rate):
    # JAX runs nothing well without compiling; elsewhere it would take longer than it saves.
    jit = "auto" if keras.backend.backend() == "jax" else False
    optimizer = keras.optimizers.SGD(learning_rate, momentum=_MOMENTUM)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(optimizer, loss, metrics=["accuracy"], jit_compile=jit)
    optimizer.build(classifier.trainable_variables)


def _train(classifier, batches, epoch, seed):
    """One epoch."""

    def begin(*_):
        for layer in classifier.layers:
            if isinstance(layer, keras.layers.Dropout):
                layer.seed_generator.state.assign([seed_for(seed, "dropout", epoch), 0])

    with progress_bar(None, f"Epoch {epoch}", "batch", len(batches)) as bar:
        calls = keras.callbacks.LambdaCallback(
            on_epoch_begin=begin, on_train_batch_end=lambda batch, logs: bar.update()
        )
        try:
            # Their order is that of the seed already; Keras would shuffle them anew.
            past = classifier.fit(
                batches, epochs=epoch + 1, initial_epoch=epoch, verbose=0, callbacks=[calls], shuffle=False
            )
        except Exception:
            if batches.problem:
                raise batches.problem from None
            raise
    (loss,), (accuracy,) = past.history["loss"], past.history["accuracy"]
    if not np.isfinite(loss):
        raise NumericsError(f"The loss is not finite in epoch {epoch}: begin anew with a smaller --learning_rate.")
    print(f"Epoch {epoch}: loss = {loss:.4f}, accuracy = {accuracy:.4f}")


def _refuse(output):
    raise OptionsError(f"Another training writes {output}: wait until it ends, or give another --output.")

"""What a method is: networks, stages of players, and a way to generate. The training loop knows nothing else.

A method is a folder under `pgig/methods/` whose `INFO` names a leaf class of `Method`. Everything that is
particular to it lives there: which maps it computes from a batch, its networks, its losses.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class MethodInfo:
    """What the command line needs to know of a method without importing Keras.

    Attributes:
        name: value of `--method`.
        title: the field's name of the method.
        paper: authors, venue, arXiv number.
        config: frozen dataclass of the method's options.
        implementation: dotted path `module:Class` of the leaf class.
        stages: names of the training stages, in their order.
    """

    name: str
    title: str
    paper: str
    config: type
    implementation: str
    stages: tuple

    def load(self):
        """Import and return the class of the method (this imports Keras)."""
        module, name = self.implementation.split(":")
        return getattr(importlib.import_module(module), name)


@dataclass(frozen=True)
class Adam:
    """Settings of an Adam optimizer, in the form step = lr * sqrt(1-b2^t)/(1-b1^t) * m / (sqrt(v) + epsilon)."""

    learning_rate: float
    beta_1: float
    beta_2: float
    epsilon: float


@dataclass(frozen=True)
class Player:
    """One side of the game: the networks it trains and the loss it minimises.

    Attributes:
        name: name in logs and state files.
        trains: names of the networks whose weights it updates.
        loss: function of (inputs, training) -> (scalar to minimise, {name: scalar}). `inputs` is a list of
            `batches` dictionaries as returned by `Method.inputs`; the named scalars already carry their
            weights and stand in the order in which they are reported.
        optimizer: settings of its optimizer.
        batches: how many batches one update draws.
        repeats: updates per iteration.
    """

    name: str
    trains: tuple
    loss: Callable
    optimizer: Adam
    batches: int = 1
    repeats: int = 1


@dataclass(frozen=True)
class Stage:
    """Players that are updated one after the other in every iteration.

    Attributes:
        name: name of the stage.
        players: in the order of their updates.
        validate: name of the player whose loss is computed on the test pairs, or None.
    """

    name: str
    players: tuple
    validate: str | None = None

    @property
    def batches(self):
        """How many batches one iteration draws."""
        return sum(player.batches * player.repeats for player in self.players)


class Method(ABC):
    """Interface of every method. The leaf classes are built from (shared options, own options, image size)."""

    networks: dict
    stages: dict

    @abstractmethod
    def inputs(self, batch):
        """Compute on the device what the networks take from a batch.

        Args:
            batch: `source_pixels`, `target_pixels` (B, H, W, 3) uint8 and `source_keypoints`,
                `target_keypoints` (B, 18, 3) float32 as (y, x, visible); backgrounds where the method asks.

        Returns:
            dict of tensors.
        """

    @abstractmethod
    def generate(self, inputs, training=False):
        """Images (B, H, W, 3) in [-1, 1] of the source people in the target poses.

        Args:
            inputs: what `inputs` returned.
            training: True keeps dropout active.
        """

    @abstractmethod
    def pose_pictures(self, keypoints):
        """Pictures (B, H, W, 3) uint8 of poses (B, 18, 3), as the sample grid shows them (numpy)."""

    @abstractmethod
    def original_order(self, network):
        """Weights of a network in the order of the published checkpoint files: a list of (name, variable)."""

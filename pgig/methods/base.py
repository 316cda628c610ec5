"""What a method is: networks, stages of players, and a way to generate. The training loop knows nothing else.

A method is a folder under `pgig/methods/` whose `INFO` names a leaf class of `Method`. Everything that is
particular to it lives there: which maps it computes from a batch, its networks, its losses.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field


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
        defaults: {shared option: default of this method}, where it is not that of `pgig.config.Shared`.
        follows: {stage: the stage that it builds upon}; None: each builds upon the one before it.
        whole: name of a further stage that has all networks and trains none, for commands that sample; or None.
        aliases: {other value of `--method`: {option: value that it implies}}.
        tiny: command lines of the smallest networks, one for each kind of them: what tests of all methods build.
    """

    name: str
    title: str
    paper: str
    config: type
    implementation: str
    stages: tuple
    follows: dict | None = None
    whole: str | None = None
    defaults: dict = field(default_factory=dict)
    aliases: dict = field(default_factory=dict)
    tiny: tuple = ((),)

    def before(self, stage):
        """The stage that a stage builds upon, or None."""
        if self.follows is not None:
            return self.follows.get(stage)
        number = self.stages.index(stage)
        return self.stages[number - 1] if number else None

    def load(self):
        """Import and return the class of the method (this imports Keras)."""
        module, name = self.implementation.split(":")
        return getattr(importlib.import_module(module), name)


@dataclass(frozen=True)
class Adam:
    """Settings of an Adam optimizer.

    Attributes:
        learning_rate: a number, or a schedule of `pgig.methods.schedules`, which counts the updates of its player.
        beta_1, beta_2: decays of the moments.
        epsilon: where `corrected` is not set, as Keras and TensorFlow add it:
            step = lr * sqrt(1-b2^t)/(1-b1^t) * m / (sqrt(v) + epsilon).
        corrected: add epsilon where PyTorch does, step = lr/(1-b1^t) * m / (sqrt(v/(1-b2^t)) + epsilon).
        exact: compute 1-b^t with all digits, in effect as TensorFlow 1; `corrected` does it too.
    """

    learning_rate: object
    beta_1: float
    beta_2: float
    epsilon: float
    corrected: bool = False
    exact: bool = False


@dataclass(frozen=True)
class RMSProp:
    """Settings of an RMSProp optimizer as TensorFlow 1 had it: step = lr * g / sqrt(s + epsilon), s begins at 1.

    Attributes:
        learning_rate: as for `Adam`.
        decay: of the mean square s.
        epsilon: added inside of the root.
    """

    learning_rate: object
    decay: float = 0.9
    epsilon: float = 1e-10


@dataclass(frozen=True)
class Player:
    """One side of the game: the networks it trains and the loss it minimises.

    Attributes:
        name: name in logs and state files.
        trains: names of the networks whose weights it updates.
        loss: function of (inputs, training) -> (scalar to minimise, {name: scalar}). `inputs` is a list of
            `batches` dictionaries as returned by `Method.inputs`; the named scalars already carry their
            weights and stand in the order in which they are reported. It may return a third value, {name: tensor
            without gradient}: more inputs for the players after it, in a stage of `one_batch`.
        optimizer: settings of its optimizer, `Adam` or `RMSProp`.
        batches: how many batches one update draws.
        repeats: updates per iteration.
    """

    name: str
    trains: tuple
    loss: Callable
    optimizer: Adam | RMSProp
    batches: int = 1
    repeats: int = 1


@dataclass(frozen=True)
class Stage:
    """Players that are updated one after the other in every iteration.

    Attributes:
        name: name of the stage.
        players: in the order of their updates.
        validate: name of the player whose loss is computed on the test pairs, or None.
        one_batch: all players of an iteration work on the same batch, and get what those before them passed on.
        needs: names of the networks that must come out of a weight file before training starts.
        codes: {input: size}, in a stage whose players see of a picture only what networks make of it that the stage
            does not train: these inputs, (B, size) each. They are then computed once for every picture, and batches
            hold them in place of pictures, and normal noise of the same size as `<input>_noise` beside each.
    """

    name: str
    players: tuple
    validate: str | None = None
    one_batch: bool = False
    needs: tuple = ()
    codes: dict = field(default_factory=dict)

    @property
    def batches(self):
        """How many batches one iteration draws."""
        return 1 if self.one_batch else sum(player.batches * player.repeats for player in self.players)


class Method(ABC):
    """Interface of every method. The leaf classes are built from (shared options, own options, image size, stage).

    Attributes:
        networks: {name: `keras.Model`} of the networks that the stage needs.
        stage: the `Stage` that was asked for.
        files: {name of a weight file: names of the networks in it}; `--<name>_checkpoint` loads one. The last network
            of a file is the one it is named for; the file `generator` holds all that generating takes.
        kept: names of the weight files that training leaves.
        frozen: {name: `keras.Model`} of networks that losses look through and nothing trains; see `load_frozen`.
        memory: {name: `keras.Layer`} of what else training changes, such as pools of earlier pictures.
    """

    networks: dict
    stage: Stage

    @property
    def frozen(self):
        return {}

    @property
    def memory(self):
        return {}

    def load_frozen(self):
        """Load what only losses need, into `frozen`. Training does it before anything long; generating never does.

        Raises:
            WeightsError: a weight file is missing or of another network.
        """
        return None

    @property
    def files(self):
        return {name: (name,) for name in self.networks}

    @property
    def kept(self):
        return tuple(self.files)

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

    def visuals(self, inputs):
        """Pictures of what goes on inside: {title of a few plain words: (B, h, w, 3) in [-1, 1], of any size}.

        Args:
            inputs: what `inputs` returned.
        """
        return {}

    def own_order(self, network):
        """Weights of a network in the order of our `.h5` files: a list of (layer, tensor's name, variable)."""
        return [
            (f"{network}/{layer.name}", f"{network}/{layer.name}/{number}_{variable.name}", variable)
            for layer in self.networks[network].layers
            for number, variable in enumerate(layer.weights)
        ]

    def foreign(self, file, kind):
        """Where the tensors of a published checkpoint belong.

        Args:
            file: a name of `files`.
            kind: `"torch"` or `"tensorflow"`.

        Returns:
            `pgig.weights.foreign.Table`, or None where there is no such checkpoint.
        """
        return None

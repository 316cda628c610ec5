"""Options of PG2. Where a program of the field had a flag for it, the option has its name.

Three programs hold the same networks with small differences; `--family` sets them all, single options override it.
"""

from dataclasses import dataclass

from pgig.config import option
from pgig.errors import OptionsError
from pgig.methods.limits import DECAY, LEARNING_RATE, SHARE, WEIGHT, at_least, require

FAMILIES = ("authors", "human-pose-transfer", "harshitbansal05")
WEIGHT_INITS = ("glorot", "uniform", "tflib", "normal", "xavier", "torch")
_GENERATORS = ("generator1", "generator2")
_ALL = (*_GENERATORS, "discriminator")

# What `family` stands for. A pair is the value for pictures of up to 128 pixels of height and for larger ones.
_PRESETS = {
    "padding": ("same", "symmetric", "symmetric"),
    "pose_maps": ("disc", "gaussian", "disc"),
    "pose_mask": ("authors", "human-pose-transfer", "authors"),
    "num_skip_out_connect": ((1, 0), 1, 0),
    "statistics": (("four", "three"), "separate", "three"),
    "mask_l1_weight": ((10.0, 50.0), 10.0, 50.0),
    "generator1_init": ("glorot", "torch", "torch"),
    "generator2_init": ("glorot", "xavier", "torch"),
    "discriminator_init": ("uniform", "tflib", "uniform"),
}


@dataclass(frozen=True)
class Pg2Config:
    """Options of PG2; every one is a flag of the same name."""

    family: str = option(
        "authors", "program whose arithmetic is followed wherever an option is left at `family`",
        choices=FAMILIES, decides=_ALL,
    )  # fmt: skip
    stage1_checkpoint: str = option(
        None, "weight file of the first stage's generator, for the second stage", type=str, metavar="FILE"
    )
    conv_hidden_num: int = option(
        128, "channels of the generators at full size", aliases=("channels_base",), decides=_GENERATORS
    )
    z_num: int = option(
        64, "numbers in the bottleneck of the first generator",
        aliases=("middle_features_dim",), decides=("generator1",),
    )  # fmt: skip
    disc_hidden_num: int = option(64, "channels of the discriminator's first layer", decides=("discriminator",))
    repeat_num: int = option(
        0, "blocks of the first generator; 0: from the height, 5 for 128 pixels, 6 for 256", decides=("generator1",)
    )
    repeat_num2: int = option(
        0, "blocks of the second generator; 0: two fewer than the first has", decides=("generator2",)
    )
    generator1_block: str = option(
        "conv", "layers of the first generator: convolutions, or depthwise and pointwise ones",
        choices=("conv", "separable"), decides=("generator1",),
    )  # fmt: skip
    generator2_block: str = option(
        "conv", "layers of the second generator", choices=("conv", "separable"), decides=("generator2",)
    )

    padding: str = option(
        "family", "zeros around maps that are halved: TensorFlow's `same`, or as many on both sides",
        choices=("family", "same", "symmetric"), decides=_ALL,
    )  # fmt: skip
    num_skip_out_connect: int = option(
        None, "outermost skip connections that the second generator lacks, 0 or 1 (default: by --family and size)",
        type=int, decides=("generator2",),
    )  # fmt: skip
    pose_maps: str = option(
        "family", "target pose: discs of radius 4 in -1 and 1, or Gaussians in 0..1",
        choices=("family", "disc", "gaussian"), decides=("generator1",),
    )  # fmt: skip
    pose_mask: str = option(
        "family", "rule for the body mask of the loss", choices=("family", "authors", "human-pose-transfer")
    )
    statistics: str = option(
        "family",
        "pictures that share batch statistics in the discriminator: target, source, both stages' results (`four`), "
        "without the first stage's (`three`), or each kind by itself with running averages (`separate`)",
        choices=("family", "four", "three", "separate"), decides=("discriminator",),
    )  # fmt: skip

    mask_l1_weight: float = option(
        None, "weight of the mask loss in the second stage (default: by --family and size, 10 or 50)", type=float
    )
    mask_ratio: float = option(1.0, "how much the body counts in the mask loss beside the whole picture")
    gan_weight: float = option(1.0, "weight of the adversarial term of the second generator")
    adversarial: str = option(
        "generated", "what the second generator wants to be called real: its result, or the source picture as well",
        choices=("generated", "generated-and-source"),
    )  # fmt: skip
    batches: str = option(
        "same", "whether the second generator and the discriminator are updated on the same batch",
        choices=("same", "separate"),
    )  # fmt: skip
    flip_rate: float = option(0.5, "share of training pairs that are mirrored")
    flip_mode: str = option(
        "pair", "mirror both pictures of a pair or neither, or draw for each and keep left and right joints",
        choices=("pair", "independent"),
    )  # fmt: skip

    g_lr: float = option(2e-5, "learning rate of the generator that is trained")
    d_lr: float = option(2e-5, "learning rate of the discriminator")
    lr_update_step: int = option(0, "updates after which both learning rates are halved, again and again; 0: never")
    beta1: float = option(0.5, "decay of Adam's first moment")
    beta2: float = option(0.999, "decay of Adam's second moment")
    generator1_init: str = option("family", "initial weights of the first generator", choices=("family", *WEIGHT_INITS))
    generator2_init: str = option(
        "family", "initial weights of the second generator", choices=("family", *WEIGHT_INITS)
    )
    discriminator_init: str = option(
        "family", "initial weights of the discriminator", choices=("family", *WEIGHT_INITS)
    )

    def __post_init__(self):
        """Refuse what the networks cannot be built or trained with.

        Raises:
            OptionsError: one sentence naming the flag.
        """
        require(self, at_least(1), "conv_hidden_num", "z_num", "disc_hidden_num")
        require(self, at_least(0), "repeat_num", "repeat_num2", "lr_update_step")
        if self.num_skip_out_connect not in (None, 0, 1):
            raise OptionsError(
                f"--num_skip_out_connect {self.num_skip_out_connect} cannot be built: only the outermost skip "
                "connection can be left out, so give 0 or 1."
            )
        require(self, LEARNING_RATE, "g_lr", "d_lr")
        require(self, DECAY, "beta1", "beta2")
        require(self, WEIGHT, "mask_l1_weight", "mask_ratio", "gan_weight")
        require(self, SHARE, "flip_rate")

    def value(self, name, size):
        """Value of an option that `--family` or the size of the pictures may decide.

        Args:
            name: the option.
            size: (height, width) of the pictures.
        """
        if name == "repeat_num":
            return self.repeat_num or size[0].bit_length() - 3
        if name == "repeat_num2":
            return self.repeat_num2 or self.value("repeat_num", size) - 2
        own = getattr(self, name)
        if own not in ("family", None) or name not in _PRESETS:
            return own
        preset = _PRESETS[name][FAMILIES.index(self.family)]
        return preset[size[0] > 128] if isinstance(preset, tuple) else preset

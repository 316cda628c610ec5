"""Options of PN-GAN, with the names of naiq/PN_GAN:script/GAN/config.py, and those of budui/Human-Pose-Transfer beside.

Two programs hold three forms of the method; `--family` sets them all, single options override it.
"""

from dataclasses import dataclass

from pgig.config import option
from pgig.methods.limits import LEARNING_RATE, SHARE, WEIGHT, at_least, require, require_vgg_layer

FAMILIES = ("authors", "human-pose-transfer", "human-pose-transfer-two-poses")

# What `family` stands for, in the order of FAMILIES.
_PRESETS = {
    "pose_maps": ("picture", "gaussian", "gaussian"),
    "discriminator_real": ("source", "target", "target"),
    "lambda_idt": (10.0, 0.0, 0.0),
    "mask_l1_loss": (0.0, 10.0, 10.0),
    "lr_schedule": ("linear", "linear", "constant"),
    "lr_decay": (10, 6, 6),
    "flip_rate": (0.0, 0.5, 0.5),
}


@dataclass(frozen=True)
class PnGanConfig:
    """Options of PN-GAN; every one is a flag of the same name. What `family` decides is never None afterwards."""

    family: str = option(
        "authors", "program that is followed: its generator, and every default that says so",
        choices=FAMILIES, decides=("generator", "discriminator"),
    )  # fmt: skip
    ngf: int = option(64, "channels of the generator at full size", decides=("generator",))
    ndf: int = option(64, "channels of the discriminator's first layer", decides=("discriminator",))
    num_resblock: int = option(9, "residual blocks of the generator", aliases=("num_res",), decides=("generator",))
    pose_maps: str = option(
        None, "a pose as a skeleton picture of 3 channels or as 18 Gaussians (default: by --family)",
        type=str, choices=("picture", "gaussian"), decides=("generator",),
    )  # fmt: skip
    discriminator_real: str = option(
        None, "picture that the discriminator is to call real (default: by --family)",
        type=str, choices=("source", "target"),
    )  # fmt: skip

    lambda_idt: float = option(
        None, "weight of the mean absolute difference (default: by --family, 10 or 0)", type=float,
        aliases=("l1_loss",),
    )  # fmt: skip
    mask_l1_loss: float = option(
        None, "weight of the mask loss, which counts the body twice (default: by --family, 0 or 10)", type=float
    )
    perceptual_loss: float = option(
        0.0, "weight of the difference of VGG19 features; above 0 it needs the file of --perceptual_weights"
    )
    perceptual_layers: int = option(3, "layer of VGG19 for it, in torchvision's numbers: 3 is the second ReLU")
    perceptual_network: str = option(
        "keras", "VGG19 of Keras; of torchvision (`vgg19`), as in the second program; or torchvision's VGG16 in its "
        "place, which a package ships",
        choices=("keras", "vgg19", "vgg16"),
    )  # fmt: skip

    learning_rate: float = option(2e-4, "learning rate of both Adam optimizers", aliases=("lr",))
    lr_schedule: str = option(
        None, "fall of the learning rate after --lr_decay epochs: so that the last epoch is the last above 0 "
        "(`linear`), in another --lr_decay epochs (`original`), or none (default: by --family)",
        type=str, choices=("linear", "original", "constant"),
    )  # fmt: skip
    lr_decay: int = option(
        None, "epochs at the full learning rate (default: by --family, 10 or 6)", type=int, aliases=("de_epoch",)
    )
    flip_rate: float = option(
        None, "share of training pairs that are mirrored (default: by --family, 0 or 0.5)", type=float
    )
    flip_mode: str = option(
        "pair", "mirror both pictures of a pair or neither, or draw for each and keep left and right joints",
        choices=("pair", "independent"),
    )  # fmt: skip

    def __post_init__(self):
        """Take from the family what is not stated, and refuse what cannot be built or trained.

        Raises:
            OptionsError: one sentence naming the flag.
        """
        for name, values in _PRESETS.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, values[FAMILIES.index(self.family)])
        require(self, at_least(1), "ngf", "ndf", "num_resblock", "lr_decay")
        require(self, WEIGHT, "lambda_idt", "mask_l1_loss", "perceptual_loss")
        require(self, LEARNING_RATE, "learning_rate")
        require(self, SHARE, "flip_rate")
        require_vgg_layer(self)

    @property
    def original(self):
        """Whether the authors' program is followed."""
        return self.family == "authors"

    @property
    def two_poses(self):
        """Whether the generator has a branch of its own for the poses of both pictures."""
        return self.family == "human-pose-transfer-two-poses"

    @property
    def pose_channels(self):
        """Channels of the generator's pose input."""
        return (3 if self.pose_maps == "picture" else 18) * (2 if self.two_poses else 1)

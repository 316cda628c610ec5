"""Options of the Deformable GAN, with the names and defaults of AliaksandrSiarohin/pose-gan:cmd.py."""

from dataclasses import dataclass

from pgig.config import option
from pgig.errors import OptionsError

_BOTH = ("generator", "discriminator")


@dataclass(frozen=True)
class PoseGanConfig:
    """Options of the Deformable GAN; every one is a flag of the same name."""

    training_ratio: int = option(1, "discriminator updates per generator update")
    l1_penalty_weight: float = option(100.0, "weight of the reconstruction term (L1, nearest-neighbour or content)")
    gan_penalty_weight: float = option(1.0, "weight of the adversarial term of the generator; 0 removes it")
    tv_penalty_weight: float = option(0.0, "weight of total variation")
    lstruct_penalty_weight: float = option(0.0, "weight of the pose-estimator term; non-zero loads --pose_estimator")
    content_loss_layer: str = option("none", "`none`, or a comma list of VGG19 layers, e.g. block1_conv2")
    nn_loss_area_size: int = option(1, "side of the nearest-neighbour window, odd; 1: plain L1")
    use_input_pose: int = option(1, "1: feed the source pose to both networks", decides=_BOTH)
    warp_skip: str = option(
        "stn", "kind of deformable skip connection", choices=("none", "full", "mask", "stn"), decides=("generator",)
    )
    warp_agg: str = option(
        "max", "aggregation over the ten warped copies", choices=("max", "avg"), decides=("generator",)
    )
    disc_type: str = option(
        "call", "kind of discriminator", choices=("call", "sim", "warp"), decides=("discriminator",)
    )
    use_bg: int = option(0, "1: feed the background of the target picture", decides=_BOTH)
    pose_rep_type: str = option(
        "hm", "18 heat maps, or a stick figure of 3 channels", choices=("hm", "stickman"), decides=_BOTH
    )
    numerics: str = option(
        "original",
        "the original program's arithmetic, or the textbook form of each part",
        choices=("original", "modern"),
        decides=_BOTH,
    )
    width: float = option(1.0, "factor on the number of channels of every hidden layer", decides=_BOTH)
    learning_rate: float = option(2e-4, "learning rate of both Adam optimizers")

    def __post_init__(self):
        """Refuse what the networks cannot be built for.

        Raises:
            OptionsError: one sentence naming the flags.
        """
        if self.nn_loss_area_size < 1 or self.nn_loss_area_size % 2 == 0:
            raise OptionsError(
                f"--nn_loss_area_size {self.nn_loss_area_size} has no centre: give an odd number such as 1, 3 or 5."
            )
        if not 0 < self.width <= 4:
            raise OptionsError(f"--width {self.width} is out of range: give a factor above 0 and at most 4.")
        if self.training_ratio < 1:
            raise OptionsError(f"--training_ratio {self.training_ratio} must be 1 or more.")
        if self.disc_type in ("sim", "warp") and not self.use_input_pose:
            raise OptionsError(
                f"--disc_type {self.disc_type} compares source and target poses: give --use_input_pose 1 with it."
            )
        if self.disc_type == "warp" and self.warp_skip != "mask":
            raise OptionsError(
                f"--disc_type warp needs the ten limb transforms of --warp_skip mask, not {self.warp_skip}."
            )
        if self.use_bg and self.disc_type != "call":
            raise OptionsError(f"--use_bg 1 works with --disc_type call only, not {self.disc_type}.")

    @property
    def pose_channels(self):
        """Channels of one pose representation: 18 heat maps or a stick figure of 3."""
        return 18 if self.pose_rep_type == "hm" else 3

    @property
    def original(self):
        """Whether the arithmetic of the original program is asked for."""
        return self.numerics == "original"

    def channels(self, full):
        """Channels of a hidden layer that has `full` channels at width 1."""
        return max(1, round(full * self.width))

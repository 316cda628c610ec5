"""Options of DPIG, with the names of charliememory/Disentangled-Person-Image-Generation:config.py."""

from dataclasses import dataclass

from pgig.config import option
from pgig.errors import OptionsError
from pgig.methods.limits import DECAY, LEARNING_RATE, POSITIVE, SHARE, WEIGHT, at_least, require

_APPEARANCE = ("encoder", "generator")
_MAPPINGS = ("mapping_fg", "mapping_bg", "mapping_app", "mapping_pose")
_CRITICS = ("critic_fg", "critic_bg", "critic_app", "critic_pose")
_POSE = ("pose_encoder", "pose_decoder")
_CODES = (*_APPEARANCE, "mapping_fg", "mapping_bg", "mapping_app", "critic_fg", "critic_bg", "critic_app")

# What an option is for pictures of up to 128 rows (Market-1501) and for larger ones (DeepFashion).
_BY_SIZE = {
    "background": (1, 0),
    "roi_size": (48, 64),
    "part_boxes": ("market", "deepfashion"),
    "mask_radius": (7, 4),
    "statistics": ("separate", "joint"),
}


@dataclass(frozen=True)
class DpigConfig:
    """Options of DPIG; every one is a flag of the same name."""

    background: int = option(
        None, "1: foreground and background are factors of their own; 0: one factor for the appearance "
        "(default: 1 for up to 128 rows, else 0)", type=int, choices=(0, 1), decides=_CODES,
    )  # fmt: skip
    appearance_checkpoint: str = option(
        None, "weight file of --stage appearance, for --stage sample-appearance", type=str, metavar="FILE",
        aliases=("pretrained_path",),
    )  # fmt: skip
    pose_checkpoint: str = option(
        None, "weight file of --stage pose, for --stage sample-pose, or of the latter, for sampling", type=str,
        metavar="FILE", aliases=("pretrained_poseAE_path",),
    )  # fmt: skip
    mapping_checkpoint: str = option(
        None, "weight file of the mapping to appearances, for sampling, where that of the generator has none",
        type=str, metavar="FILE", aliases=("pretrained_appSample_path",),
    )  # fmt: skip
    pose_mapping_checkpoint: str = option(
        None, "weight file of the mapping to poses, for sampling, where that of the pose has none", type=str,
        metavar="FILE", aliases=("pretrained_poseSample_path",),
    )  # fmt: skip

    conv_hidden_num: int = option(128, "channels of encoder and generator at full size", decides=_APPEARANCE)
    repeat_num: int = option(
        0, "levels of encoder and generator (without background one more and one fewer); 0: from the height, 5 for "
        "128 pixels, 6 for 256", decides=_APPEARANCE,
    )  # fmt: skip
    roi_size: int = option(
        None, "side in pixels to which body parts are resized (default: 48 for up to 128 rows, else 64)", type=int,
        decides=_APPEARANCE,
    )  # fmt: skip
    part_visibility: int = option(
        1, "0: the codes of parts without a visible joint are not set to zero, as in the published MODEL103",
        choices=(0, 1), decides=("encoder",),
    )  # fmt: skip
    part_boxes: str = option(
        None, "rule for the boxes of body parts (default: market for up to 128 rows, else deepfashion)", type=str,
        choices=("market", "deepfashion"), decides=("encoder",),
    )  # fmt: skip
    mask_radius: int = option(
        None, "radius in pixels of the body mask that parts foreground and background (default: 7 for up to 128 rows, "
        "else 4)", type=int, decides=("encoder",),
    )  # fmt: skip
    part_emb_dim: int = option(32, "numbers in the code of each of the seven body parts", decides=_CODES)
    bg_emb_dim: int = option(
        128, "numbers in the code of the background", decides=(*_APPEARANCE, "mapping_bg", "critic_bg")
    )
    pose_emb_dim: int = option(
        32, "numbers in the code of a pose", decides=(*_POSE, "mapping_pose", "critic_pose")
    )
    z_num: int = option(64, "numbers in the bottleneck of the generator", decides=("generator",))
    fc_hidden_num: int = option(
        512, "units of the fully connected layers; the background's mapping has half of them",
        decides=(*_POSE, *_MAPPINGS, *_CRITICS),
    )  # fmt: skip
    disc_hidden_num: int = option(64, "channels of the discriminator's first layer", decides=("discriminator",))
    D_arch: str = option(
        "DCGAN", "discriminator of pictures: as published, with 8 logits for pictures of 256 x 256; one logit for all "
        "of a picture's features (DCGAN-whole); one more convolution (DCGAN-256)",
        choices=("DCGAN", "DCGAN-whole", "DCGAN-256"), decides=("discriminator",),
    )  # fmt: skip
    statistics: str = option(
        None, "pictures that share batch statistics in the discriminator: real and generated ones each among "
        "themselves, or all (default: separate for up to 128 rows, else joint)", type=str,
        choices=("separate", "joint"),
    )  # fmt: skip

    L1Loss_weight: float = option(20.0, "weight of the mean absolute difference, and of the pose auto-encoder's loss")
    mask_ratio: float = option(
        0.0, "how much the body counts in that difference beside the whole picture, as in PG2; published: not at all"
    )
    gan_weight: float = option(1.0, "weight of the adversarial term of the generator")
    critic_updates: int = option(5, "updates of the critics of codes for one of the mappings")
    clip: float = option(0.01, "bound of the critics' weights, below which they are clipped after each update")
    g_lr: float = option(2e-5, "learning rate of all networks but discriminator and critics")
    d_lr: float = option(2e-5, "learning rate of discriminator and critics")
    lr_update_step: int = option(
        50000, "iterations after which both learning rates are halved, again and again; 0: never"
    )
    beta1: float = option(0.5, "decay of Adam's first moment")
    beta2: float = option(0.999, "decay of Adam's second moment")
    flip_rate: float = option(0.5, "share of training pictures that are mirrored")

    def __post_init__(self):
        """Refuse what the networks cannot be built or trained with.

        Raises:
            OptionsError: one sentence naming the flag.
        """
        sizes = ("conv_hidden_num", "part_emb_dim", "bg_emb_dim", "pose_emb_dim", "z_num", "disc_hidden_num")
        require(self, at_least(1), *sizes, "critic_updates", "mask_radius")
        require(self, at_least(2), "fc_hidden_num", "roi_size")
        require(self, at_least(0), "repeat_num", "lr_update_step")
        require(self, LEARNING_RATE, "g_lr", "d_lr")
        require(self, DECAY, "beta1", "beta2")
        require(self, WEIGHT, "L1Loss_weight", "mask_ratio", "gan_weight")
        require(self, POSITIVE, "clip")
        require(self, SHARE, "flip_rate")
        if not self.L1Loss_weight and not self.gan_weight:
            raise OptionsError("--L1Loss_weight 0 and --gan_weight 0 leave nothing to train for: give one of them.")

    def value(self, name, size):
        """Value of an option that the size of the pictures may decide.

        Args:
            name: the option.
            size: (height, width) of the pictures.
        """
        if name == "repeat_num":
            return self.repeat_num or size[0].bit_length() - 3
        own = getattr(self, name)
        return _BY_SIZE[name][size[0] > 128] if own is None and name in _BY_SIZE else own

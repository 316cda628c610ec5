"""Options of PATN, with the names of tengteng95/Pose-Transfer:options/{base,train}_options.py."""

from dataclasses import dataclass

from pgig.config import option
from pgig.methods.limits import DECAY, LEARNING_RATE, WEIGHT, at_least, between, require, require_vgg_layer

_DISCRIMINATORS = ("discriminator_pb", "discriminator_pp")
_ALL = ("generator", *_DISCRIMINATORS)
_SWITCH = (0, 1)

# What is not stated: as published for pictures of up to 128 rows (Market-1501), and for larger ones (DeepFashion).
_BY_SIZE = {
    "norm": ("batch", "instance"),
    "pose_maps": ("gaussian", "point"),
    "no_lsgan": (1, 0),
    "lambda_A": (10.0, 1.0),
    "lambda_B": (10.0, 1.0),
    "pool_size": (50, 0),
    "n_blocks": (9, 9),
    "which_model_netD": ("resnet", "resnet"),
}
# And of PATN_Fine, for pictures of all sizes.
_FINE = {
    "no_lsgan": 1,
    "lambda_A": 1.0,
    "lambda_B": 1.0,
    "pool_size": 0,
    "n_blocks": 6,
    "which_model_netD": "resnet_in",
}


@dataclass(frozen=True)
class PatnConfig:
    """Options of PATN; every one is a flag of the same name. What a picture size decides is told by `value`."""

    which_model_netG: str = option(
        "PATN", "generator of the paper, or the later one that moves parts of the body by their boxes (`PATN_Fine`)",
        choices=("PATN", "PATN_Fine"), decides=("generator",),
    )  # fmt: skip
    norm: str = option(
        None, "normalisation: `batch` (default for up to 128 rows) or `instance` (for more); PATN_Fine has `batch`",
        type=str, choices=("batch", "instance"), decides=_ALL,
    )  # fmt: skip
    pose_maps: str = option(
        None, "a joint as a `gaussian` of 6 pixels (default for up to 128 rows) or as a `point` of one pixel "
        "(for more)", type=str, choices=("gaussian", "point"), decides=("generator", "discriminator_pb"),
    )  # fmt: skip
    ngf: int = option(64, "channels of the generator at full size", decides=("generator",))
    ndf: int = option(64, "channels of the discriminators at full size", decides=_DISCRIMINATORS)
    G_n_downsampling: int = option(2, "halvings in the generator", decides=("generator",))
    D_n_downsampling: int = option(2, "halvings in the discriminators, up to 3", decides=_DISCRIMINATORS)
    n_blocks: int = option(
        None, "transfer blocks of the generator (default: 9, of PATN_Fine 6)", type=int, decides=("generator",)
    )
    n_layers_D: int = option(
        3, "residual blocks of the discriminators", aliases=("n_layers",), decides=_DISCRIMINATORS
    )
    which_model_netD: str = option(
        None, "discriminators with the normalisation of --norm (`resnet`, the default), or with `instance` "
        "(`resnet_in`, the default with PATN_Fine)", type=str,
        choices=("resnet", "resnet_in"), decides=_DISCRIMINATORS,
    )  # fmt: skip
    no_dropout: int = option(0, "1: no dropout in the generator", choices=_SWITCH)
    no_dropout_D: int = option(0, "1: no dropout in the discriminators", choices=_SWITCH)
    init_type: str = option(
        "normal", "initial kernels of the generator; the discriminators have PyTorch's own",
        choices=("normal", "xavier", "kaiming", "orthogonal"),
    )  # fmt: skip

    with_D_PP: int = option(1, "0: no discriminator of the appearance, beside the source picture", choices=_SWITCH)
    with_D_PB: int = option(1, "0: no discriminator of the shape, beside the target pose", choices=_SWITCH)
    discriminator_pp_checkpoint: str = option(
        None, "weight file of the discriminator of the appearance", type=str, metavar="FILE"
    )
    discriminator_pb_checkpoint: str = option(
        None, "weight file of the discriminator of the shape", type=str, metavar="FILE"
    )
    no_lsgan: int = option(
        None, "adversarial loss: 1 cross-entropy (default for up to 128 rows and for PATN_Fine), 0 least squares (for "
        "more)", type=int, choices=_SWITCH,
    )  # fmt: skip
    pool_size: int = option(
        None, "earlier generated pictures that each discriminator may see again (default: 50 for up to 128 rows, 0 "
        "for more and for PATN_Fine)", type=int,
    )  # fmt: skip
    DG_ratio: int = option(1, "updates of each discriminator for one of the generator")

    lambda_GAN: float = option(5.0, "weight of the adversarial losses, the discriminators' too")
    lambda_A: float = option(
        None, "weight of the mean absolute difference (default: 10 for up to 128 rows, 1 for more and for PATN_Fine)",
        type=float,
    )  # fmt: skip
    lambda_B: float = option(
        None, "weight of the difference of VGG19's features (default: 10 for up to 128 rows, 1 for more and for "
        "PATN_Fine)", type=float,
    )  # fmt: skip
    lambda_style: float = option(10.0, "PATN_Fine: weight of the differences of the parts' styles, by these features")
    L1_type: str = option(
        "l1_plus_perL1", "differences from the target: of pixels (`origin`), or of pixels and of features, for which "
        "training needs the file of --perceptual_weights", choices=("origin", "l1_plus_perL1"),
    )  # fmt: skip
    perceptual_layers: int = option(
        3, "layer of VGG19 for the features, in torchvision's numbers: 3 is the second ReLU"
    )
    percep_is_l1: int = option(1, "difference of features: 1 absolute, 0 squared", choices=_SWITCH)
    perceptual_network: str = option(
        "vgg19", "network of the features: torchvision's VGG19, or its VGG16 in its place, which a package ships",
        choices=("vgg19", "vgg16"),
    )  # fmt: skip

    lr: float = option(2e-4, "learning rate of all Adam optimizers", aliases=("learning_rate",))
    beta1: float = option(0.5, "decay of Adam's first moment")
    lr_policy: str = option(
        "lambda", "fall of the learning rate: to 0 over --niter_decay epochs after --niter, or to a tenth every "
        "--lr_decay_iters epochs (`step`)", choices=("lambda", "step"),
    )  # fmt: skip
    niter: int = option(500, "epochs at the full learning rate, the first of which it is lower counted in")
    niter_decay: int = option(200, "epochs over which it falls to 0")
    lr_decay_iters: int = option(50, "epochs between falls to a tenth")
    use_flip: int = option(0, "1: mirror half of the training pairs, both pictures of a pair", choices=_SWITCH)

    def __post_init__(self):
        """Refuse what cannot be built or trained.

        Raises:
            OptionsError: one sentence naming the flag.
        """
        require(self, at_least(1), "DG_ratio", "lr_decay_iters")
        require(self, at_least(0), "niter", "niter_decay")
        # More halvings the discriminators never have; more of the others would not fit into any memory.
        require(self, between(0, 3), "D_n_downsampling")
        require(self, between(0, 10), "G_n_downsampling")
        require(self, between(1, 65_536), "ngf", "ndf")
        require(self, between(1, 100), "n_blocks")
        require(self, between(0, 100), "n_layers_D")
        require(self, between(0, 1000), "pool_size")
        require(self, WEIGHT, "lambda_GAN", "lambda_A", "lambda_B", "lambda_style")
        require(self, LEARNING_RATE, "lr")
        require(self, DECAY, "beta1")
        require_vgg_layer(self)

    @property
    def fine(self):
        """Whether the generator is PATN_Fine."""
        return self.which_model_netG == "PATN_Fine"

    def value(self, name, size):
        """What an option is for pictures of (height, width) pixels.

        Args:
            name: of the option.
            size: (height, width).
        """
        stated = getattr(self, name)
        if stated is not None or name not in _BY_SIZE:
            return stated
        return _FINE[name] if self.fine and name in _FINE else _BY_SIZE[name][size[0] > 128]

    def discriminator_norm(self, size):
        """Normalisation of the discriminators for pictures of (height, width) pixels."""
        instance = self.value("which_model_netD", size) == "resnet_in"
        return "instance" if instance else self.value("norm", size)

    @property
    def flip_rate(self):
        """Share of training pairs that are mirrored."""
        return 0.5 * self.use_flip

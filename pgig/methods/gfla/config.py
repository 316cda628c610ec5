"""Options of GFLA, with the names of RenYurui/Global-Flow-Local-Attention:model/{poseflownet,pose}_model.py."""

import re
from dataclasses import dataclass

from pgig.config import option
from pgig.errors import OptionsError
from pgig.methods.limits import LEARNING_RATE, POSITIVE, WEIGHT, between, require

_FLOW, _RENDERER, _ALL = ("flow",), ("generator",), ("flow", "generator")

# What an option is for pictures of up to 128 rows (Market-1501) and for larger ones (DeepFashion).
_BY_SIZE = {
    "attn_layer": ("2", "2,3"),
    "kernel_size": ("2=3", "2=5,3=3"),
    "disc_blocks": (3, 4),
    "angle": ("-5,5", "0,0"),
    "shift": ("-5,5", "0,0"),
    "scale": ("0.95,1.05", "1,1"),
}
# What a weight is in the stage of the flow alone and in the full one.
_BY_STAGE = {"lambda_correct": (20.0, 5.0), "lambda_regularization": (0.01, 0.0025)}

# Smallest and largest value of what moves training pictures.
_BOUNDS = {"angle": (-180.0, 180.0), "shift": (-10_000.0, 10_000.0), "scale": (0.1, 10.0)}
_LARGEST_KERNEL = 15


@dataclass(frozen=True)
class GflaConfig:
    """Options of GFLA; every one is a flag of the same name."""

    attn_layer: str = option(
        None, "layers at which the source is attended to, as 2,3: layer L has the picture's size / 2^L "
        "(default: 2 for up to 128 rows, else 2,3)", type=str, metavar="L,L", decides=_ALL,
    )  # fmt: skip
    kernel_size: str = option(
        None, "side of the attended patches, a number for each layer, as 2=5,3=3 "
        "(default: 2=3 for up to 128 rows, else 2=5,3=3)", type=str, metavar="L=K,L=K", decides=_RENDERER,
    )  # fmt: skip
    flow_checkpoint: str = option(
        None, "weight file of the flow estimator, for --stage full", type=str, metavar="FILE"
    )

    ngf: int = option(64, "channels of the renderer at half size", decides=_RENDERER)
    img_f: int = option(512, "most channels of the renderer", decides=_RENDERER)
    layers: int = option(3, "halvings in the renderer's encoders", decides=_RENDERER)
    num_blocks: int = option(2, "layers in each of the renderer's decoders: residual blocks, the last of them doubling",
                             decides=_RENDERER)  # fmt: skip
    flow_ngf: int = option(32, "channels of the flow estimator at half size", decides=_FLOW)
    flow_img_f: int = option(256, "most channels of the flow estimator", decides=_FLOW)
    flow_encoders: int = option(
        None, "halvings in the flow estimator (default: 5, or 4 where the picture's sides are no multiples of 32)",
        type=int, decides=_FLOW,
    )  # fmt: skip
    ndf: int = option(32, "channels of the discriminator's first block", decides=("discriminator",))
    disc_img_f: int = option(128, "most channels of the discriminator", decides=("discriminator",))
    disc_blocks: int = option(
        None, "halvings in the discriminator (default: 3 for up to 128 rows, else 4)", type=int,
        decides=("discriminator",),
    )  # fmt: skip
    use_spect_d: int = option(
        1, "0: spectral normalisation of the discriminator's last layer alone", choices=(0, 1),
        decides=("discriminator",),
    )  # fmt: skip
    init_type: str = option(
        "orthogonal", "initial kernels of flow estimator and renderer, of gain or deviation 0.02",
        choices=("orthogonal", "normal", "xavier", "kaiming"),
    )  # fmt: skip

    lr: float = option(1e-4, "learning rate of flow estimator and renderer", aliases=("learning_rate",))
    ratio_g2d: float = option(0.1, "learning rate of the discriminator as a share of --lr")
    gan_mode: str = option("lsgan", "adversarial loss", choices=("lsgan", "hinge"))
    lambda_correct: float = option(
        None, "weight of the sampling correctness (default: 20 in --stage flow, 5 in --stage full)", type=float
    )
    lambda_regularization: float = option(
        None, "weight of the affine regularisation (default: 0.01 in --stage flow, 0.0025 in --stage full)", type=float
    )
    lambda_rec: float = option(5.0, "weight of the mean absolute difference")
    lambda_g: float = option(2.0, "weight of the adversarial term")
    lambda_style: float = option(500.0, "weight of the differences of VGG19's Gram matrices")
    lambda_content: float = option(0.5, "weight of the differences of VGG19's features")
    perceptual_network: str = option(
        "vgg19", "network of the features: torchvision's VGG19, or its VGG16 in its place, which a package ships",
        choices=("vgg19", "vgg16"),
    )  # fmt: skip

    angle: str = option(
        None, "training pictures are turned by so many degrees (default: -5,5 for up to 128 rows, else 0,0)", type=str,
        metavar="LOW,HIGH",
    )  # fmt: skip
    shift: str = option(
        None, "and shifted by so many pixels (default: -5,5 for up to 128 rows, else 0,0)", type=str,
        metavar="LOW,HIGH",
    )  # fmt: skip
    scale: str = option(
        None, "and scaled by such a factor (default: 0.95,1.05 for up to 128 rows, else 1,1)", type=str,
        metavar="LOW,HIGH",
    )  # fmt: skip

    def __post_init__(self):
        """Refuse what cannot be built or trained.

        Raises:
            OptionsError: one sentence naming the flag.
        """
        # More would not fit into any memory.
        require(self, between(1, 65_536), "ngf", "img_f", "flow_ngf", "flow_img_f", "ndf", "disc_img_f")
        require(self, between(1, 10), "layers", "num_blocks", "disc_blocks")
        # The flow is found on the way up, which takes two halvings.
        require(self, between(2, 10), "flow_encoders")
        require(self, WEIGHT, *_BY_STAGE, "lambda_rec", "lambda_g", "lambda_style", "lambda_content")
        require(self, LEARNING_RATE, "lr")
        require(self, POSITIVE, "ratio_g2d")
        for name, parse in (("attn_layer", _layers), ("kernel_size", _kernels)):
            if getattr(self, name) is not None:
                parse(getattr(self, name))
        for name in _BOUNDS:
            if getattr(self, name) is not None:
                _range(name, getattr(self, name))

    def value(self, name, size):
        """What an option is for pictures of (height, width) pixels.

        Args:
            name: of the option.
            size: (height, width).
        """
        stated = getattr(self, name)
        if stated is None and name == "flow_encoders":
            return 4 if any(length % 32 for length in size) else 5
        value = stated if stated is not None or name not in _BY_SIZE else _BY_SIZE[name][size[0] > 128]
        # In one order, so that lists that say the same are the same.
        if name == "attn_layer":
            return ",".join(map(str, _layers(value)))
        if name == "kernel_size":
            return ",".join(f"{layer}={side}" for layer, side in sorted(_kernels(value).items()))
        return value

    def weight(self, name, stage):
        """The weight of a loss in a stage, `"flow"` or `"full"`."""
        stated = getattr(self, name)
        return _BY_STAGE[name][stage == "full"] if stated is None else stated

    def attn_layers_of(self, size):
        """Layers at which the source is attended to, for pictures of (height, width): sorted, from 1."""
        return _layers(self.value("attn_layer", size))

    def kernel_sizes_of(self, size):
        """{layer: side of the attended patches}, for pictures of (height, width)."""
        return _kernels(self.value("kernel_size", size))

    def augment(self, size):
        """How training pictures are moved: (angle in degrees, shift in pixels, scale), each (low, high); or None."""
        ranges = tuple(_range(name, self.value(name, size)) for name in _BOUNDS)
        return None if ranges == ((0.0, 0.0), (0.0, 0.0), (1.0, 1.0)) else ranges

    def require_size(self, size):
        """Raise an `OptionsError` unless networks for pictures of (height, width) can be built."""
        layers, written = self.attn_layers_of(size), self.value("kernel_size", size)
        lacking = [layer for layer in layers if layer not in _kernels(written)]
        if lacking:
            raise OptionsError(
                f"--kernel_size {written} has no side for layer {', '.join(map(str, lacking))} of --attn_layer "
                f"{self.value('attn_layer', size)}: give one for each, for example --attn_layer=2,3 "
                f"--kernel_size=2=5,3=3."
            )
        flow_encoders, disc_blocks = self.value("flow_encoders", size), self.value("disc_blocks", size)
        highest = min(self.layers, flow_encoders - 1)
        if layers[-1] > highest:
            raise OptionsError(
                f"--attn_layer {self.value('attn_layer', size)} names layer {layers[-1]}, but with --layers "
                f"{self.layers} and --flow_encoders {flow_encoders} there are 1 to {highest}."
            )
        multiple = 2 ** max(self.layers, flow_encoders, disc_blocks)
        if any(length % multiple for length in size):
            raise OptionsError(
                f"Pictures of {size[0]} x {size[1]} pixels (height x width) do not fit GFLA: with --layers "
                f"{self.layers}, --flow_encoders {flow_encoders} and --disc_blocks {disc_blocks} each side must be a "
                f"multiple of {multiple}."
            )
        for layer in layers:
            shortest = min(size) >> layer
            if self.kernel_sizes_of(size)[layer] > shortest:
                raise OptionsError(
                    f"--kernel_size {written}: patches of layer {layer} do not fit its map, which is {shortest} pixels "
                    f"narrow for pictures of {size[0]} x {size[1]}: give a smaller side."
                )


def _layers(text):
    if not re.fullmatch(r"[0-9]{1,2}(,[0-9]{1,2})*", text):
        raise OptionsError(f"--attn_layer {text!r} must be numbers of layers with commas between, for example 2,3.")
    layers = sorted(map(int, text.split(",")))
    if layers[0] < 1 or len({*layers}) < len(layers):
        raise OptionsError(f"--attn_layer {text} must name each layer once, from 1 on.")
    return tuple(layers)


def _kernels(text):
    if not re.fullmatch(r"[0-9]{1,2}=[0-9]{1,2}(,[0-9]{1,2}=[0-9]{1,2})*", text):
        raise OptionsError(
            f"--kernel_size {text!r} must give each layer a side with commas between, for example 2=5,3=3."
        )
    entries = [tuple(map(int, entry.split("="))) for entry in text.split(",")]
    kernels = dict(entries)
    if len(kernels) < len(entries):
        raise OptionsError(f"--kernel_size {text} gives a layer two sides: give each one.")
    if not all(2 <= side <= _LARGEST_KERNEL for side in kernels.values()):
        raise OptionsError(f"--kernel_size {text}: a side must be from 2 to {_LARGEST_KERNEL}.")
    return kernels


def _range(name, text):
    try:
        low, high = map(float, text.split(","))
        smallest, largest = _BOUNDS[name]
        if not smallest <= low <= high <= largest:
            raise ValueError
    except ValueError:
        smallest, largest = _BOUNDS[name]
        raise OptionsError(
            f"--{name} {text!r} must be two numbers from {smallest:g} to {largest:g}, the smaller one first, for "
            f"example --{name}={_BY_SIZE[name][0]}."
        ) from None
    return low, high

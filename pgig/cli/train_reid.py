"""`python -m pgig train-reid`: its flags. Nothing heavy is imported before they are parsed."""

import math

from pgig.cli.parser import CommandParser
from pgig.errors import OptionsError


def train_reid(argv=None):
    """Train a re-identification network on the pictures of a folder, for instance those of `virtual-market`."""
    parser = CommandParser(prog="python -m pgig train-reid", description=train_reid.__doc__)
    add = parser.add_argument
    add("folder", metavar="FOLDER", help="pictures named as in Market-1501: 0002_c1s1_000451_03.jpg shows person 2")
    add("--output", required=True, metavar="FILE.h5", help="weight file to write; FILE.h5.state keeps what goes on")
    add("--network", default="resnet50", choices=("resnet50", "small"),
        help="resnet50: the baseline of Fan et al., in whose terms DPIG's table is given; small: four convolutions, to "
        "try things out on a CPU: its scores compare with NOTHING that was published (default: resnet50)",
    )  # fmt: skip
    add("--weights", metavar="FILE", help="begin with a state file of PyTorch (resnet50 alone: torchvision's of "
        "ImageNet), or with a file of this command; people are learned anew (default: random numbers)",
    )  # fmt: skip
    add("--epochs", type=int, help="passes over the pictures; 0 writes the untrained network (default: 40)")
    add("--batch_size", type=int, default=16, help="pictures of an update (default: 16)")
    add("--learning_rate", type=float, help="of gradient descent with momentum (default: 0.001; small: 0.02)")
    add("--image_size", metavar="H,W", help="size to which pictures are resized (default: 224,224; small: 128,64)")
    add("--scaling", default="imagenet", choices=("imagenet", "half"),
        help="of resnet50: colours as torchvision's weights expect them, or in -1..1 (default: imagenet)",
    )  # fmt: skip
    add("--augment", type=int, default=1, choices=(0, 1),
        help="0: pictures are not turned (20 degrees) and shifted (a fifth) at random (default: 1)",
    )  # fmt: skip
    add("--seed", type=int, default=0, help="of weights, order and moves of the pictures (default: 0)")
    flags = parser.parse_args(argv)
    if not flags.output.endswith(".h5"):
        raise OptionsError(f"--output {flags.output} must end in .h5.")
    if flags.batch_size < 2:
        raise OptionsError(f"--batch_size {flags.batch_size} must be 2 or more: the networks normalise by the batch.")
    if flags.epochs is not None and flags.epochs < 0:
        raise OptionsError(f"--epochs {flags.epochs} must be 0 or more.")
    if flags.learning_rate is not None and not 0 < flags.learning_rate < math.inf:
        raise OptionsError(f"--learning_rate {flags.learning_rate} must be above 0.")

    from pgig.data.paths import parse_size

    size = parse_size(flags.image_size) if flags.image_size else None

    from pgig.reid.train import run

    run(flags.folder, flags.output, flags.network, flags.weights, flags.epochs, flags.batch_size, flags.learning_rate,
        size, flags.scaling, bool(flags.augment), flags.seed)  # fmt: skip

"""`python -m pgig canonical-poses`, `normalise` and `reid-features`: from pictures to what `reid` scores."""

from pathlib import Path

from pgig.cli.parser import CommandParser
from pgig.errors import OptionsError
from pgig.utils.words import counted


def canonical_poses(argv=None):
    """Find the canonical poses of a data set's training pictures, for `normalise`."""
    from pgig.generate.flags import OwnParser, parse_with

    parser = OwnParser("python -m pgig canonical-poses", canonical_poses.__doc__)
    parser.add_argument("--count", type=int, default=8, help="number of poses")
    parser.add_argument("--output", default="output/canonical_poses.json", metavar="FILE", help="file to write (JSON)")
    own, options = parse_with(parser, argv)
    if not 1 <= own.count <= 99:
        raise OptionsError(f"--count {own.count} must be from 1 to 99.")

    from pgig.data.training_poses import training_poses
    from pgig.pose.canonical import find_canonical_poses, write_canonical_poses
    from pgig.utils.files import require_folder

    data = options.data
    names, keypoints = training_poses(data)
    require_folder(Path(own.output).parent)
    poses = find_canonical_poses(names, keypoints, data.image_size, own.count, options.shared.seed)
    write_canonical_poses(own.output, poses)
    for number, (picture, members) in enumerate(zip(poses.pictures, poses.members, strict=True), start=1):
        print(f"{number:2}: {counted(members, 'picture')}, as {picture}")
    print(f"{counted(len(poses), 'canonical pose')}: {own.output}")


def normalise(argv=None):
    """Render every picture of a folder in the canonical poses, with any method's generator."""
    from pgig.generate.flags import OwnParser, parse_with

    parser = OwnParser("python -m pgig normalise", normalise.__doc__)
    add = parser.add_argument
    add("--split", default="test", choices=("train", "test", "query"), help="which pictures of the data set")
    add("--images", metavar="FOLDER", help="other pictures instead, of any size")
    add("--poses", metavar="FILE", help="canonical poses, from `pgig canonical-poses`; without it those of the package")
    add("--prefix", default="", help="text before every name, for example c1_")
    add("--normalise", default="fixed", choices=("fixed", "minmax"), help="minmax stretches each picture")
    own, options = parse_with(parser, argv)

    from pgig.generate.normalise import run

    run(options, **vars(own))


def reid_features(argv=None):
    """Features of a folder's pictures, for `reid`: of a re-identification network or, to try things out, AlexNet."""
    parser = CommandParser(prog="python -m pgig reid-features", description=reid_features.__doc__)
    add = parser.add_argument
    add("folder", metavar="FOLDER", help="pictures, for instance those of `pgig normalise`")
    add("--output", required=True, metavar="FILE.npz", help="file to write: names and features")
    add("--network", choices=("resnet50", "small", "alexnet"),
        help="resnet50: PN-GAN's class, or of `train-reid`; small: of `train-reid`, to try things out; alexnet: "
        "ImageNet's, NOT a re-identification network (default: as the file says; of a state file resnet50)",
    )  # fmt: skip
    add("--weights", metavar="FILE", help="file of `train-reid` (.h5), or state file of PyTorch (.pth); alexnet: else "
        "as `pgig weights` says",
    )  # fmt: skip
    add("--scaling", choices=("imagenet", "half"), help="of a state file: how it was trained (default: imagenet)")
    add("--image_size", metavar="H,W", help="size to which pictures are resized (default: as `train-reid` had it; of "
        "a state file 256,128; alexnet: 128,64)",
    )  # fmt: skip
    add("--batch_size", type=int, default=32, help="pictures at a time (default: 32)")
    add("--feature_cache", default="output/features", metavar="DIR", help="where features are kept; '': nowhere")
    flags = parser.parse_args(argv)
    if flags.batch_size < 1:
        raise OptionsError("--batch_size must be 1 or more.")
    if flags.network != "alexnet" and not flags.weights:
        raise OptionsError(
            f"--network {flags.network or 'resnet50'} needs --weights FILE, a trained re-identification network (`pgig "
            "train-reid` trains one); `--network alexnet` goes without, but its scores compare with nothing that was "
            "published."
        )

    from pgig.data.paths import parse_size

    size = parse_size(flags.image_size) if flags.image_size else None

    from pgig.evaluate.reid_folder import run

    run(flags.folder, flags.output, flags.network, flags.weights, flags.scaling, size, flags.batch_size,
        flags.feature_cache)  # fmt: skip

"""The single source of every option: names, types, defaults, help. The command line is generated from here.

Standard library only: `--help` must answer at once.
"""

import dataclasses
from dataclasses import dataclass

DATASETS = ("market", "fasion", "fasion-resize", "prw", "fasion128", "fasion128128", "demo")

# What becomes of joints outside their picture: an error, or they stay, or they count as missing.
OUTSIDE_JOINTS = ("refuse", "keep", "missing")


def dataset_name(text):
    """The name of a data set as its files are spelled: "fashion" is taken for "fasion"."""
    return text.replace("fashion", "fasion")


def option(default, help, *, type=None, choices=None, metavar=None, decides=(), aliases=()):
    """A dataclass field that is also a command-line flag of the same name.

    Args:
        default: default value; its type is the flag's type unless `type` is given.
        help: one sentence for `--help`.
        type: parser of the text, where it is not the default's own type.
        choices: allowed values, or None.
        metavar: placeholder in `--help`.
        decides: names of the networks whose weight files fit only runs of the same value.
        aliases: other names of the option.
    """
    metadata = {
        "help": help, "type": type, "choices": choices, "metavar": metavar, "decides": decides, "aliases": aliases
    }  # fmt: skip
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Shared:
    """Options that every method understands. Names and defaults of the first block are pose-gan's."""

    output_dir: str = option("output/displayed_samples", "folder of the sample grids, curves and report of a run")
    batch_size: int = option(4, "pairs in a batch")
    number_of_epochs: int = option(500, "epochs to run, counted from --start_epoch")
    checkpoints_dir: str = option("output/checkpoints", "folder of the state of the run and of its weight files")
    checkpoint_ratio: int = option(30, "epochs between weight files, and between validations")
    generator_checkpoint: str = option(None, "weight file of the generator (ours or a published one)", type=str)
    discriminator_checkpoint: str = option(None, "weight file of the discriminator", type=str)
    use_validation: int = option(1, "0: never compute losses on the test pairs during training")
    dataset: str = option(
        "market",
        f"data set: decides paths and image size ({', '.join(DATASETS)}; with --image_size any name of your own)",
        type=dataset_name,
        metavar="D",
    )
    display_ratio: int = option(1, "epochs between sample grids")
    start_epoch: int = option(0, "number of the first epoch")
    pose_estimator: str = option("pose_estimator.h5", "Keras model of the keypoint estimator")
    images_for_test: int = option(12000, "at most that many test pairs are kept by create_pairs_dataset.py")
    cache_pose_rep: int = option(1, "accepted and without effect: pose maps are computed, never stored")
    generated_images_dir: str = option("output/generated_images", "folder of the pictures that test.py writes")
    result_layout: str = option(
        "triptych",
        "pictures of test.py: source, target and generated side by side; PATN's strips of five panels; GFLA's single "
        "pictures, or these with its demo's _ref, _gt and _all; folders of numbered pictures as of PG2 and DPIG",
        choices=("triptych", "strip5", "single", "single_all", "folders"),
    )
    result_format: str = option(
        None, "their format (default: png for triptych and folders, jpg of quality 75 for the others)", type=str,
        choices=("png", "jpg"),
    )
    load_generated_images: int = option(0, "1: test.py scores the pictures already in that folder")
    use_dropout_test: int = option(0, "1: dropout stays active while test.py generates")

    image_size: str = option(None, "height,width of an own data set, e.g. 128,64", type=str, metavar="H,W")
    x_offset: int = option(0, "pixels added to the columns of all annotated joints (40: fashion of 176 on 256 columns)")
    y_offset: int = option(0, "pixels added to the rows of all annotated joints")
    old_size: str = option(
        None,
        "height,width of the pictures that the joints were annotated in; pictures of any size are then resized to "
        "--image_size, and joints with them (256,176: GFLA's fashion)",
        type=str,
        metavar="H,W",
    )
    outside_joints: str = option(
        None,
        "joints outside their picture: an error, kept as they are, or missing (default: refuse; keep for "
        "fasion-resize and with --old_size)",
        type=str,
        choices=OUTSIDE_JOINTS,
    )
    images_dir_train: str = option(None, "folder of the training pictures (default: data/D-dataset/train)", type=str)
    images_dir_test: str = option(None, "folder of the test pictures (default: data/D-dataset/test)", type=str)
    annotations_file_train: str = option(None, "keypoints of the training pictures", type=str)
    annotations_file_test: str = option(None, "keypoints of the test pictures", type=str)
    pairs_file_train: str = option(None, "training pairs (default: data/D-pairs-train.csv)", type=str)
    pairs_file_test: str = option(None, "test pairs (default: data/D-pairs-test.csv)", type=str)
    bg_images_dir_train: str = option(None, "backgrounds of the training pictures", type=str)
    bg_images_dir_test: str = option(None, "backgrounds of the test pictures", type=str)
    records_dir: str = option(None, "folder of the TFRecords (default: data/D-records)", type=str)
    use_records: int = option(1, "0: read the pictures from their folders, write no TFRecords")

    seed: int = option(0, "seed of weights, data order and dropout")
    iterations_per_epoch: int = option(1000, "generator updates in an epoch")
    state_interval: float = option(600.0, "seconds between saves of the state of the run; 0: after every iteration")
    restart: int = option(0, "1: set an earlier run in --checkpoints_dir aside and begin anew")
    mixed_precision: str = option(
        "none", "compute in half precision", choices=("none", "bfloat16", "float16")
    )
    jit_compile: int = option(0, "1: compile the training step with XLA (TensorFlow; JAX always does)")
    test_batch_size: int = option(16, "pairs generated and scored at a time by test.py")
    test_limit: int = option(
        0, "generate and score only the first N test pairs; 0: all", aliases=("generated_limit",)
    )
    protocol: str = option("pose-gan", "protocol of the scores of test.py; `python -m pgig evaluate --help` lists them")
    feature_cache: str = option("output/features", "folder in which features of pictures are kept; '': nowhere")
    perceptual_weights: str = option(
        None, "VGG19 weight file of the content loss (else as `python -m pgig weights` says)", type=str
    )
    inception_weights: str = option(
        None, "classify_image_graph_def.pb for inception scores (else as `python -m pgig weights` says)", type=str
    )


@dataclass(frozen=True)
class DataPaths:
    """Where a data set lies. All paths are text, relative to the working directory.

    Attributes:
        name: name of the data set.
        image_size: (height, width) in pixels.
        images_dir_train, images_dir_test: picture folders.
        annotations_file_train, annotations_file_test: keypoint tables.
        pairs_file_train, pairs_file_test: pair lists.
        bg_images_dir_train, bg_images_dir_test: background folders (need not exist).
        records_dir: folder of the TFRecords, or None to read the pictures from their folders.
        x_offset, y_offset: pixels added to the columns and rows of all joints of the keypoint tables.
        old_size: (height, width) in pixels of the pictures that the joints were annotated in, or None for
            `image_size`. Pictures may then have any size, and are resized.
        outside_joints: one of `OUTSIDE_JOINTS`.
    """

    name: str
    image_size: tuple
    images_dir_train: str
    images_dir_test: str
    annotations_file_train: str
    annotations_file_test: str
    pairs_file_train: str
    pairs_file_test: str
    bg_images_dir_train: str
    bg_images_dir_test: str
    records_dir: str | None
    x_offset: int = 0
    y_offset: int = 0
    old_size: tuple | None = None
    outside_joints: str = "refuse"

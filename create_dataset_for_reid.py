"""Generate extra training images for re-identification: `--generator_checkpoint FILE` with the flags of training."""

from pgig.cli.main import guarded


def main():
    """Parse, open the data set, generate."""
    from pgig.cli.options import parse
    from pgig.data.dataset import open_images
    from pgig.generate.reid import run
    from pgig.pose.files import read_annotations

    options = parse(program="create_dataset_for_reid.py")
    run(options, open_images(options.data), list(read_annotations(options.data.annotations_file_train).names))


if __name__ == "__main__":
    guarded(main)

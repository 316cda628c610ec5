"""Generate extra training images for re-identification: `--generator_checkpoint FILE`, flags of training."""

from pgig.cli.main import guarded


def main(argv=None):
    """Parse, check, generate."""
    from pgig.cli.options import parse

    options = parse(argv, "create_dataset_for_reid.py")

    from pgig.generate.reid import run

    run(options)


if __name__ == "__main__":
    guarded(main)

"""Write the pair lists of a data set: `python create_pairs_dataset.py --dataset fasion`."""

from pgig.cli.main import guarded


def main(argv=None):
    """Parse, pair."""
    from pgig.cli.options import parse

    options = parse(argv, "create_pairs_dataset.py")

    from pgig.data.pairs import create_pairs

    create_pairs(options.data, options.shared.images_for_test)


if __name__ == "__main__":
    guarded(main)

"""Write the pair lists of a data set: `python create_pairs_dataset.py --dataset fasion`."""

from pgig.cli.main import guarded
from pgig.cli.options import parse
from pgig.data.pairs import create_pairs


def main():
    options = parse(program="create_pairs_dataset.py")
    create_pairs(options.data, options.shared.images_for_test)


if __name__ == "__main__":
    guarded(main)

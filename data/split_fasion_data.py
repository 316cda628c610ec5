"""Split DeepFashion into train and test folders by the annotation files. Start it inside data/."""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from pgig.cli.main import guarded  # noqa: E402
from pgig.data.fashion import split_fashion  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input_dir", default="fasion", help="folder of GENDER/CATEGORY/ID/FILE")
    parser.add_argument("--output_dir", default="fasion-dataset", help="where train and test are made")
    parser.add_argument("--annotations_file_train", default="fasion-annotation-train.csv")
    parser.add_argument("--annotations_file_test", default="fasion-annotation-test.csv")
    args = parser.parse_args()
    split_fashion(args.input_dir, args.output_dir, args.annotations_file_train, args.annotations_file_test)


if __name__ == "__main__":
    guarded(main)

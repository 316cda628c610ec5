"""Sort DeepFashion's pictures into train and test by lists of names. Start it inside data/.

--form gfla copies the high-resolution pictures (img_highres.zip) to fasion-dataset; --form patn cuts the margins off
the 256 x 256 ones (img.zip) and writes them to fasion-resize-dataset. Started again, it goes on.
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from pgig.cli.main import guarded  # noqa: E402
from pgig.data.fashion_lists import FORMS, generate_fashion  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--form", choices=FORMS, default="gfla", help="what is made (default: gfla)")
    parser.add_argument("--input_dir", help="folder of GENDER/CATEGORY/ID/FILE (default: img_highres; patn: fashion)")
    parser.add_argument("--output_dir", help="where train and test are made (default: as above)")
    parser.add_argument("--train_list", default="train.lst", help="names of the training pictures, one a line")
    parser.add_argument("--test_list", default="test.lst", help="names of the test pictures, one a line")
    args = parser.parse_args()
    print(generate_fashion(args.form, args.train_list, args.test_list, args.input_dir, args.output_dir))


if __name__ == "__main__":
    guarded(main)

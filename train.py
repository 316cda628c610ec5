"""Train a method: `python train.py --dataset fasion --warp_skip mask`. All flags: `python cmd.py --help`."""

from pgig.cli.main import guarded, train

if __name__ == "__main__":
    guarded(train)

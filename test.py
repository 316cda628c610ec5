"""Generate the test pairs and score them: `python test.py --generator_checkpoint FILE` with the flags of training."""

from pgig.cli.main import guarded, test

if __name__ == "__main__":
    guarded(test)

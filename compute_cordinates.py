"""`compute_coordinates.py` under the name by which the original's description calls it."""

from compute_coordinates import main
from pgig.cli.main import guarded

if __name__ == "__main__":
    guarded(lambda: main(program="compute_cordinates.py"))

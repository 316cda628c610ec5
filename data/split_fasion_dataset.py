"""The same program as split_fasion_data.py, under the name that the original's README also uses."""

from split_fasion_data import guarded, main

if __name__ == "__main__":
    guarded(main)

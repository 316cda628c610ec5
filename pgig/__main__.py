"""`python -m pgig COMMAND`: the commands of the package."""

from pgig.cli.main import main

if __name__ == "__main__":
    main()

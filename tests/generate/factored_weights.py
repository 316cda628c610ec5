"""Weight files of untrained networks of the smallest method of factors, for tests of the commands that sample."""

from pgig.cli.options import parse
from pgig.methods import available
from pgig.train.step import build_method
from pgig.weights.networks import save_networks

INFO = next(info for info in available().values() if info.whole)
NETWORK = ("--dataset", "market", "--method", INFO.name, *INFO.tiny[0])


def all_options(*words):
    """Options of NETWORK with all networks, and of more words."""
    return parse([*NETWORK, "--stage", INFO.whole, *map(str, words)])


def build():
    """Options and method of NETWORK with all networks, whose weights are always the same."""
    options = all_options()
    return options, build_method(options)


def save(method, options, folder):
    """Write all weight files of the method; returns {file: path}."""
    paths = {file: folder / f"{file}.h5" for file in method.files}
    for file, path in paths.items():
        save_networks(method, file, path, options)
    return paths


def flags(paths, *files):
    """Flags of NETWORK with these of its weight files."""
    named = [word for file in files for word in (f"--{file}_checkpoint", str(paths[file]))]
    return ["--dataset", "market", "--method", INFO.name, *named]

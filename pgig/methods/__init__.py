"""The methods: one folder each, found by walking; listing them imports nothing heavy."""

import functools
import importlib
import pkgutil

from pgig.errors import OptionsError


@functools.cache
def available():
    """Map each method's name to its `MethodInfo`, in alphabetic order of the folders."""
    modules = (
        importlib.import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
        if module.ispkg
    )
    return {module.INFO.name: module.INFO for module in modules}


def aliases():
    """Map the other names of methods to (`MethodInfo`, {option: value that the name implies})."""
    return {alias: (info, implied) for info in available().values() for alias, implied in info.aliases.items()}


def load(name):
    """The `MethodInfo` of a method, by its name or an alias.

    Raises:
        OptionsError: there is no such method.
    """
    methods = available() | {alias: info for alias, (info, _) in aliases().items()}
    if name not in methods:
        raise OptionsError(f"--method {name} is unknown: choose one of {', '.join(methods)}.")
    return methods[name]

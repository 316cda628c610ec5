"""Writing TOML; the standard library only reads it."""

import json
import math
import re

_BARE_KEY = re.compile("[A-Za-z0-9_-]+")


def toml_text(table):
    """The TOML text of a dictionary.

    Args:
        table: dictionary as `tomllib` returns it: text, whole numbers, floats, truth values, dates and times, lists and
            dictionaries.

    Returns:
        str, of which `tomllib.loads` makes an equal dictionary.
    """
    return "\n".join(_lines(table, ())).strip("\n") + "\n"


def _lines(table, path):
    """Lines of a table: its values first, since they would belong to the last table that was opened before them."""
    inner = {key: value for key, value in table.items() if isinstance(value, dict)}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in table.items() if key not in inner]
    if path and (lines or not inner):
        lines = ["", f"[{'.'.join(map(_key, path))}]", *lines]
    for key, value in inner.items():
        lines += _lines(value, (*path, key))
    return lines


def _key(key):
    return key if _BARE_KEY.fullmatch(key) else _text(key)


def _value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_value(inner)}" for key, inner in value.items()) + "}"
    return value.isoformat()


def _text(text):
    # A string of JSON is one of TOML, but for the character DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

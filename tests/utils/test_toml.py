import tomllib

from pgig.utils.toml import toml_text

TEXT = """
title = "a \\"quoted\\" \\\\ name \\u007f \\u0001 é"
lines = '''
one
two'''
lr = 2e-5
whole = 16
huge = inf
on = true
day = 2020-03-01
clock = 07:32:00
moment = 1979-05-27T00:32:00.5-07:00
size = [128, 64]
mixed = [[1, "a"], { b = { c = 1.5 } }]
[empty]
[dataset.path.train]
image = "./data"
"a key.with dots" = 1
[[points]]
x = 1
"""


def test_what_was_read_is_written_back():
    table = tomllib.loads(TEXT)
    assert tomllib.loads(toml_text(table)) == table


def test_layout():
    assert toml_text({"b": {"c": {"d": 1}, "x": "y"}, "a": True}) == 'a = true\n\n[b]\nx = "y"\n\n[b.c]\nd = 1\n'
    assert toml_text({}) == "\n"

"""What goes on inside a method, for each test pair: source | target | generated | what `Method.visuals` shows."""

from pathlib import Path

from pgig.data.check import require_pairs
from pgig.data.dataset import open_images
from pgig.data.pairs import read_pairs
from pgig.errors import OptionsError
from pgig.layouts.triptych import triptych_name
from pgig.report.report import Linked, report
from pgig.train.pictures import write_png
from pgig.utils.files import sweep
from pgig.utils.words import counted


def run(options, output):
    """Generate the test pairs in file order, all of them or the first `test_limit`, and show how.

    Written are `<from>_<to>.png`, a row of titled pictures, for each pair, and `index.html` with all of them.

    Args:
        options: `pgig.cli.options.Options` of a method with `visuals`.
        output: folder of the pictures.

    Raises:
        PgigError: one sentence for whatever the user can mend.
    """
    data = options.data
    require_pairs(data, {data.pairs_file_test: 1}, options.uses_background)
    pairs = read_pairs(data.pairs_file_test)[: options.shared.test_limit or None]
    names = [triptych_name(*pair) for pair in pairs]

    # Here, so that mistakes do not wait for Keras.
    from pgig.data.stream import PairStream
    from pgig.generate.forward import forward_batches
    from pgig.generate.pairs import generation_options, load_generator
    from pgig.train.visuals import columns, has_visuals, look, sheet

    options = generation_options(options, "pgig visuals")
    nothing = OptionsError(
        f"--method {options.method.name} shows nothing of its inside with these options: test.py writes what it makes."
    )
    if not has_visuals(options.method.load()):
        raise nothing
    method = load_generator(options)
    sweep(output)
    stream = PairStream(
        open_images(data), pairs, 1, shuffle=False, use_bg=options.uses_background, origin=data.pairs_file_test
    )
    files = iter(names)
    for batch, made in forward_batches(method, lambda inputs: look(method, inputs), stream, options):
        if len(made) == 1:
            raise nothing
        shown = columns(batch, made)
        for row in range(len(made["generated"])):
            one = {title: pixels[row : row + 1] for title, pixels in shown.items()}
            write_png(Path(output) / next(files), sheet(one, data.image_size))
    listed = [(name, " → ".join(pair)) for name, pair in zip(names, pairs, strict=True)]
    title = f"{options.method.title} on {data.name}: what goes on inside"
    report(Path(output) / "index.html", title, images=[Linked(counted(len(listed), "pair"), listed)])
    print(f"{counted(len(listed), 'picture')} and index.html: {output}")

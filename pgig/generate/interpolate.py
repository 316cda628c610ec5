"""Pictures between two real ones, factor by factor.

As the figures of Ma et al. (arXiv 1712.02621) are labelled: x1 | z1, z1 + d, ..., z2 | x2, z1 and z2 being the noise
that is mapped to the codes of the real pictures x1 and x2, and d equal steps.
"""

from pathlib import Path

import numpy as np

from pgig.errors import OptionsError
from pgig.generate.sources import numbered, open_pictures, refuse_taken, require_whole
from pgig.utils.files import require_folder, sweep
from pgig.utils.locks import alone_in

SPACES, PATHS = ("gaussian", "code"), ("linear", "slerp")
FRAMES, STEPS = 10, 1000

_MOST_FRAMES = 1000

# Beyond this, the pictures of the noise that was found look like somebody else.
_LARGE_ERROR = 0.3

# Frames of the film in a second: ten frames there and back take three seconds.
_RATE = 6


def run(options, first, second, output, frames=FRAMES, factors=None, space="gaussian", path="linear", steps=STEPS):
    """Write `frame_<number>.png`, `strip.png` (x1, the frames, x2; below their poses) and `interpolation.gif`.

    Args:
        options: `pgig.cli.options.Options` of a method of factors.
        first, second: names of two pictures of the data set.
        output: folder of what is written.
        frames: pictures to make, the two ends included.
        factors: names of the factors that change, or None for all; the others stay those of `first`.
        space: "gaussian": between the noise of both, found by `pgig.generate.invert`; "code": between their codes.
        path: "linear", or "slerp" along the great circle.
        steps: updates of the inversion.

    Raises:
        PgigError: one sentence for whatever the user can mend.
    """
    require_whole(options)
    if not 2 <= frames <= _MOST_FRAMES:
        raise OptionsError(f"--frames {frames} must be from 2 to {_MOST_FRAMES}.")
    if steps < 1:
        raise OptionsError(f"--inversion_steps {steps} must be 1 or more.")
    if first == second:
        raise OptionsError(f"{first} is given twice: there is nothing between a picture and itself.")
    images = open_pictures(options.data)
    numbers = numbered(images, [first, second], "The command line")

    # Here, so that mistakes do not wait for Keras.
    from pgig.generate.factors import Painter, build_factored, chosen, encode, load_factored, origin
    from pgig.generate.reid import claim

    method, options = build_factored(options)
    changing = [factor.name for factor in chosen(method, factors, "factors")]
    load_factored(method, options, changing if space == "gaussian" else [], "pose" in changing)
    made_from = {"from": first, "to": second, "frames": frames, "factors": changing, "space": space, "path": path}
    made_from |= {"steps": steps if space == "gaussian" else None} | origin(method, options)
    output = Path(output)
    with alone_in(output, lambda: refuse_taken(output)):
        claim(output, made_from, "-o")
        require_folder(output)
        sweep(output)
        real = encode(method, options, images, [first, second])
        walk = between(method, options, real, images.keypoints[numbers[0]], changing, frames, space, path, steps)
        pixels = Painter(method, options).all(*walk, "Rendering")
        _write(output, method, images, numbers, pixels, walk[1])
    print(f"{frames} pictures, strip.png and interpolation.gif: {output}")


def between(method, options, real, pose, changing, frames, space="gaussian", path="linear", steps=STEPS):
    """Codes and poses of the frames.

    Args:
        method, options: as `pgig.generate.factors.load_factored` takes them.
        real: {factor: (2, size)}, the codes of both pictures.
        pose: (18, 3) y, x, visible of the first.
        changing: names of the factors that change.
        frames, space, path, steps: as for `run`.

    Returns:
        {factor: (frames, size)} and (frames, 18, 3) float32.
    """
    from pgig.generate.factors import decode_poses, map_noise

    ends = {name: real[name] for name in changing}
    if space == "gaussian":
        ends = _inverted(method, ends, steps)
    shares = np.linspace(0, 1, frames)
    walk = {name: PATH_FUNCTIONS[path](*pair, shares) for name, pair in ends.items()}
    if space == "gaussian":
        walk = map_noise(method, options, walk)
    codes = {name: np.repeat(code[:1], frames, axis=0) for name, code in real.items()} | walk
    if "pose" not in changing:
        return codes, np.repeat(pose[None], frames, axis=0)
    return codes, decode_poses(method, options, walk["pose"])


def linear(start, end, shares):
    """Points of the line between two vectors.

    Args:
        start, end: (D,).
        shares: (n,) in 0..1.

    Returns:
        (n, D) float32; the ends themselves at 0 and 1.
    """
    shares = np.asarray(shares)[:, None]
    return ((1 - shares) * start + shares * end).astype(np.float32)


def slerp(start, end, shares):
    """Points of the arc between two vectors (Shoemake, "Animating rotation with quaternion curves", 1985).

    The lengths of the vectors are mixed as their directions are; the line where these are alike, opposite or unknown.
    Arguments and result are those of `linear`.
    """
    lengths = np.linalg.norm(start) * np.linalg.norm(end)
    angle = np.arccos(np.clip(np.dot(start, end) / lengths, -1, 1)) if lengths else 0.0
    if np.sin(angle) < 1e-6:
        return linear(start, end, shares)
    shares = np.asarray(shares)[:, None]
    mixed = np.sin((1 - shares) * angle) * start + np.sin(shares * angle) * end
    return (mixed / np.sin(angle)).astype(np.float32)


PATH_FUNCTIONS = dict(zip(PATHS, (linear, slerp), strict=True))


def _inverted(method, codes, steps):
    """Noise of codes {factor: (2, size)}; says how well it was found."""
    from pgig.generate.invert import invert

    noise, errors = invert(method, codes, steps)
    for name, (first, second) in errors.items():
        print(f"Inverted {name}: {first:.1%} and {second:.1%} of the two codes are left over.")
    if max(error.max() for error in errors.values()) > _LARGE_ERROR:
        print(
            f"More than {_LARGE_ERROR:.0%} is much, the first and the last picture will differ from the real ones: "
            "train the mappings longer, or give --space code, which goes without them."
        )
    return noise


def _write(output, method, images, numbers, pixels, poses):
    """Write the frames (n, H, W, 3), the strip and the film."""
    from pgig.generate.video import write_video
    from pgig.train.pictures import write_png
    from pgig.train.visuals import sheet

    for number, frame in enumerate(pixels):
        write_png(output / f"frame_{number:03d}.png", frame)
    skeletons = method.pose_pictures(np.concatenate([poses, images.keypoints[numbers]]))
    pictures = np.concatenate([pixels, [images.pixels(number) for number in numbers]])
    *made, first, second = np.stack([pictures, skeletons], axis=1)
    shares = {f"{share:.1%}": column for share, column in zip(np.linspace(0, 1, len(made)), made, strict=True)}
    write_png(output / "strip.png", sheet({"A": first} | shares | {"B": second}, images.size))
    film = [np.concatenate([frame, skeleton]) for frame, skeleton in made]
    write_video(output / "interpolation.gif", film + film[-2:0:-1], _RATE)

"""Maximum over the warped copies of a map, with the gradient written out: a gather, a maximum, and a gather back.

Almost every pixel is covered by very few limbs: the masks of a walking person are one and a half deep on average and
three to five at the deepest, out of ten. While training, the row numbers of each pixel are therefore sorted so that
what is active comes first, and only as many slots are gathered as the deepest pixel of the batch needs. The result is
that of all ten, whatever the masks.

Written out, the gradient keeps nothing between the passes but the map and its maximum; left to automatic
differentiation it would keep ten copies and add ten maps' worth of zero rows.
"""

import keras
from keras import ops

from pgig.layers.sampling import table

# Numbers of slots that are compiled, besides all of them. One slot more than the deepest pixel has limbs.
SLOTS = (4, 6)


def limb_max(maps, rows, back=None, adaptive=False):
    """Largest of the copies, channel by channel.

    Args:
        maps: (B, h, w, C) float.
        rows: (n, B*h*w) int32: for every copy and output pixel the row of `sampling.table(maps)` that it shows.
        back: (n, B*h*w) int32 or None. For every copy and *input* pixel the row of the copies, laid out as
            (n*B*h*w, C) with a row of zeros appended, that hands its gradient to the pixel. None: the exact
            transpose of the gather.
        adaptive: gather only as many slots as the deepest pixel needs. False gives a graph without branches.

    Returns:
        (B*h*w, C), dtype of `maps`. Equal largest copies share the gradient equally; zeros from the row of zeros
        take part in the maximum and take their share.
    """
    # torch adds gathered rows up faster by itself than through the segment sum of Keras.
    if back is None and keras.backend.backend() == "torch":
        return ops.max(ops.take(table(maps), rows, axis=0), axis=0)

    copies, pixels, channels = rows.shape[0], ops.shape(rows)[1], maps.shape[-1]
    sizes = [size for size in SLOTS if adaptive and size < copies] + [copies]
    slots, choice, back_choice = rows, 0, 0
    if len(sizes) > 1:
        slots, choice = _front(rows, pixels, sizes, spare=1)
        back_choice = choice
        if back is not None:
            back, choice_of_back = _front(_to_slots(back, rows), copies * pixels, sizes, spare=0)
            back_choice = ops.maximum(choice, choice_of_back)

    def choose(choice, branch):
        """Run `branch(size)` for the size that the batch needs."""
        if len(sizes) == 1:
            return branch(copies)
        return ops.switch(choice, [lambda size=size: branch(size) for size in sizes])

    @ops.custom_gradient
    def maximum(maps):
        values = table(maps)
        largest = choose(choice, lambda size: ops.max(ops.take(values, slots[:size], axis=0), axis=0))

        def gradient(*arguments, upstream=None):
            upstream = arguments[0] if upstream is None else upstream

            def branch(size):
                equal = ops.cast(ops.take(values, slots[:size], axis=0) == largest, maps.dtype)

                # The slots left out are all zeros, as the last one that was gathered is.
                ties = ops.sum(equal, axis=0)
                if size < copies:
                    ties = ties + (copies - size) * equal[-1]
                shares = equal * (upstream / ties)

                if back is None:
                    return scatter(shares, slots[:size], pixels)
                handed = ops.take(table(shares), ops.minimum(back[:size], size * pixels), axis=0)
                return ops.sum(handed, axis=0)

            return ops.reshape(choose(back_choice, branch), ops.shape(maps))

        return largest, gradient

    return ops.reshape(maximum(maps), (-1, channels))


def scatter(values, rows, count):
    """Add rows of values up where they came from; what came from the row of zeros is dropped unread.

    Args:
        values: (n, N, C) float.
        rows: (n, N) int32 in [0, count].
        count: number of rows of the result.

    Returns:
        (count, C).
    """
    rows = ops.reshape(ops.where(rows < count, rows, -1), (-1,))
    return ops.segment_sum(ops.reshape(values, (-1, values.shape[-1])), rows, count)


def _front(rows, nothing, sizes, spare):
    """Sort rows (n, N) so that `nothing`, the largest, comes last.

    Returns:
        sorted rows, and which of `sizes` holds the deepest pixel with `spare` slots to spare (or holds all).
    """
    rows = ops.sort(rows, axis=0)
    depth = ops.sum(ops.cast(ops.any(rows < nothing, axis=1), "int32"))
    return rows, sum(ops.cast(depth + spare > size, "int32") for size in sizes[:-1])


def _to_slots(back, rows):
    """Rewrite row numbers of the copies, as in `limb_max`, to where sorting put them; "nothing" is larger than all."""
    copies, pixels = rows.shape[0], ops.shape(rows)[1]
    nothing = copies * pixels

    # A copy's slot is the number of copies with smaller rows; copies of the same row have the same gradient.
    slot = sum(ops.cast(rows[k : k + 1] < rows, "int32") for k in range(copies))
    moved = ops.reshape(slot * pixels + ops.arange(pixels, dtype="int32"), (-1,))
    return ops.where(back < nothing, ops.take(moved, ops.minimum(back, nothing - 1), axis=0), nothing)

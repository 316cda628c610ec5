"""The 18 joints of a pose: names, order, limbs, colours, mirror image. Left is the person's left."""

NAMES = (
    "nose", "neck",
    "Rsho", "Relb", "Rwri", "Lsho", "Lelb", "Lwri",
    "Rhip", "Rkne", "Rank", "Lhip", "Lkne", "Lank",
    "Leye", "Reye", "Lear", "Rear",
)  # fmt: skip

INDEX = {name: index for index, name in enumerate(NAMES)}

# Both coordinates of a missing joint in annotation files. Inside the package only `visible` counts.
MISSING = -1


def indices(names):
    """Indices of joints given as a text of names, e.g. `indices("Rhip Lhip")` -> `(8, 11)`."""
    return tuple(INDEX[name] for name in names.split())


def _pairs(text):
    return tuple(indices(pair.replace("-", " ")) for pair in text.split())


# A pose is valid when these are present: without them there is no torso to measure the body by.
TORSO = indices("Rhip Lhip Lsho Rsho")
HEAD = indices("Leye Reye Lear Rear nose")

# Lines of a skeleton drawing, in drawing order.
DRAW_LIMBS = _pairs(
    "neck-Rsho neck-Lsho Rsho-Relb Relb-Rwri Lsho-Lelb Lelb-Lwri neck-Rhip Rhip-Rkne Rkne-Rank neck-Lhip "
    "Lhip-Lkne Lkne-Lank neck-nose nose-Leye Leye-Lear nose-Reye Reye-Rear Rsho-Lear Lsho-Rear"
)

# Lines that the masks of Ma et al. thicken: those of the drawing up to the ears, lines from neck to ears, from
# ear to ear, and around the torso.
BODY_LIMBS = DRAW_LIMBS[:-2] + _pairs("neck-Lear neck-Rear Rhip-Lhip Lhip-Lsho Rhip-Rsho Lear-Rear")

# Limbs with a region of their own in the deformable skip connections. Right and left alternate: the same
# limb of the other side is at index k ^ 1.
MASK_LIMBS = _pairs("Rhip-Rkne Lhip-Lkne Rkne-Rank Lkne-Lank Rsho-Relb Lsho-Lelb Relb-Rwri Lelb-Lwri")

# RGB colours of the joints in a skeleton drawing: once around the colour circle.
COLOURS = (
    (255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0),
    (0, 255, 0), (0, 255, 85), (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255),
    (0, 0, 255), (85, 0, 255), (170, 0, 255), (255, 0, 255), (255, 0, 170), (255, 0, 85),
)  # fmt: skip

# keypoints[FLIP] is the pose with left and right exchanged (the columns still have to be mirrored).
FLIP = tuple(INDEX[{"R": "L", "L": "R"}.get(name[0], name[0]) + name[1:]] for name in NAMES)

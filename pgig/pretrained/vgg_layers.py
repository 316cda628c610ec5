"""VGG's layers by torchvision's numbers and by name, for options too: nothing is imported here.

Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", 2015, configurations D
(VGG16) and E (VGG19).
"""

CHANNELS = (64, 128, 256, 512, 512)
VGG19, VGG16 = (2, 2, 4, 4, 4), (2, 2, 3, 3, 3)


def numbered(counts=VGG19):
    """What torchvision's `features` hold at each number, as far as it has a name here.

    Args:
        counts: convolutions of each of the five blocks.

    Returns:
        {number: name} in their order: `"relu3_1"` is the ReLU after the first convolution of block 3, whose number is
        one less; `"pool3"` is the maximum that ends the block.
    """
    names, number = {}, 0
    for block, count in enumerate(counts, 1):
        for place in range(1, count + 1):
            names[number + 1] = f"relu{block}_{place}"
            number += 2
        names[number] = f"pool{block}"
        number += 1
    return names

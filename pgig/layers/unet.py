"""The U-Net of residual blocks with a fully connected bottleneck that PG2 and DPIG generate with.

Its layers are made by the network that it is part of: an object with

    conv(x, channels, name, kernel=3, strides=1)    a convolution, "same", with its rectifier
    dense(x, units, name)                           a fully connected layer without activation
"""

from keras import layers


def residual_levels(part, x, hidden, count, name):
    """Residual blocks on smaller and smaller maps.

    Args:
        part: makes the layers.
        x: symbolic map (B, H, W, hidden).
        hidden: channels of the first level; level k has k + 1 times as many.
        count: how many levels.
        name: what the layers' names begin with.

    Returns:
        list of symbolic maps, one for each level, each with half the sides of the one before.
    """
    maps = []
    for level in range(count):
        if level > 0:
            x = part.conv(x, hidden * (level + 1), f"{name}{level - 1}_down", strides=2)
        x = residual(part, x, f"{name}{level}")
        maps.append(x)
    return maps


def bottleneck_unet(part, x, hidden, count, code):
    """Levels down to a fully connected bottleneck, and the same number up again, each beside the map of its size.

    Args:
        part: makes the layers.
        x: symbolic map (B, H, W, hidden); H and W can be halved count - 1 times.
        hidden: channels of the map.
        count: how many levels.
        code: numbers in the bottleneck, which is the output of the layer `bottleneck`.

    Returns:
        symbolic map (B, H, W, C).
    """
    skips = residual_levels(part, x, hidden, count, "encoder")
    height, width, _ = skips[-1].shape[1:]
    x = part.dense(layers.Flatten(name="flat")(skips[-1]), code, "bottleneck")
    x = part.dense(x, height * width * hidden, "spread")
    x = layers.Reshape((height, width, hidden), name="map")(x)
    for level in range(count):
        name = f"decoder{level}"
        x = residual(part, layers.Concatenate(name=f"{name}_input")([x, skips.pop()]), name)
        if level < count - 1:
            # Before pixels are repeated, not after: what a 1x1 convolution gives is the same for a quarter.
            x = part.conv(x, hidden * (count - 1 - level), f"{name}_up", kernel=1)
            x = layers.UpSampling2D(2, name=f"{name}_larger")(x)
    return x


def residual(part, x, name):
    """Two convolutions of as many channels, and what came in added after the second rectifier."""
    y = part.conv(x, x.shape[-1], f"{name}_conv0")
    y = part.conv(y, x.shape[-1], f"{name}_conv1")
    return layers.Add(name=f"{name}_sum")([y, x])

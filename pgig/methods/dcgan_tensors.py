"""Where the tensors of the DCGAN critics belong in the TensorFlow checkpoints of Ma et al., PG2 and DPIG."""

from pgig.weights.foreign import Tensor, from_chw


def dcgan_tensors(model):
    """`Tensor` of every variable of a critic that is built of `pgig.layers.dcgan.dcgan_features` and a layer `logit`.

    The programs number the values of the last map by channel, row, column, our networks by row, column, channel.

    Args:
        model: `keras.Model`.
    """
    count = sum(layer.name.startswith("conv") for layer in model.layers)
    for level in range(count):
        name, layer = f"Discriminator.{level + 1}", model.get_layer(f"conv{level}")
        yield Tensor(f"{name}/{name}.Filters", layer.kernel)
        if layer.use_bias:
            yield Tensor(f"{name}/{name}.Biases", layer.bias)
        if level > 0:
            norm = model.get_layer(f"norm{level}")
            yield Tensor(f"Discriminator.BN{level + 1}.offset", norm.beta)
            yield Tensor(f"Discriminator.BN{level + 1}.scale", norm.gamma)
    height, width = model.get_layer(f"act{count - 1}").output.shape[1:3]
    logit = model.get_layer("logit")
    yield Tensor("Discriminator.Output/Discriminator.Output.W", logit.kernel, from_chw(height, width))
    yield Tensor("Discriminator.Output/Discriminator.Output.b", logit.bias)

"""GFLA's networks with few channels, and inputs for them."""


import numpy as np
import pytest
from keras import ops

from pgig.methods.gfla.config import GflaConfig
from pgig.methods.gfla.discriminator import build_discriminator
from pgig.methods.gfla.networks import build_flow_net, build_renderer
from pgig.train.step import engine
from tests.weights.writing import legacy_file, zip_file

MARKET, FASHION, SIZE = (128, 64), (256, 256), (64, 32)
TINY = {"ngf": 4, "img_f": 8, "flow_ngf": 4, "flow_img_f": 8, "ndf": 4, "disc_img_f": 8}
LAYOUTS = pytest.mark.parametrize("layout", [zip_file, legacy_file])


def tiny(**options):
    return GflaConfig(**TINY | options)


def networks_of(config, size=SIZE):
    built = {"flow": build_flow_net(config, size), "generator": build_renderer(config, size)}
    return built | {"discriminator": build_discriminator(config, size)}


def inputs_of(size=SIZE, count=2, seed=0):
    random = np.random.default_rng(seed)
    channels = {"source_image": 3, "source_pose": 18, "target_pose": 18}
    drawn = {name: random.uniform(-1, 1, (count, *size, n)).astype("float32") for name, n in channels.items()}
    return {name: ops.convert_to_tensor(array) for name, array in drawn.items()}


def of_renderer(inputs, fields):
    return {name: inputs[name] for name in ("source_image", "target_pose")} | fields


def everything(networks):
    """A compiled function of the inputs -> fields, "image" and "logits"; the discriminator is in training."""

    def forward(batch):
        fields = networks["flow"](batch)
        image = networks["generator"](of_renderer(batch, fields))
        return fields | {"image": image, "logits": networks["discriminator"](image, training=True)}

    variables = [variable for network in networks.values() for variable in network.variables]
    return engine.compiled(forward, variables, variables)


def numbers(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))

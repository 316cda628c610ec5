"""Losses of DPIG (paper, section 3; the forms and weights are those of the authors' trainers)."""

import numpy as np
from keras import ops

from pgig.losses.logits import fake_loss, real_loss
from pgig.losses.masked import mask_loss
from pgig.methods.dpig.vector_networks import rounded_visibility
from pgig.methods.factored import Factored
from pgig.utils.random import generator

# Rows of the noise that is always the same.
_ROWS = 64


class DpigLosses(Factored):
    """What the players of DPIG minimise, on the networks and with the encoder and decoders of the leaf class."""

    deviation = 0.2

    def generator_loss(self, batches, training=True):
        """Difference from the source picture in its own pose, and what the discriminator says."""
        (inputs,) = batches
        image, config = inputs["image"], self.config
        generated = self.decoded(self.encode(inputs), inputs["pose"])
        _, fake = self.logits(image, generated, only_generated=True)
        terms = {
            "gan": config.gan_weight * real_loss(fake),
            "l1": config.L1Loss_weight * mask_loss(generated, image, inputs["mask"], config.mask_ratio),
        }
        return sum(terms.values()), terms

    def discriminator_loss(self, batches, training=True):
        """Pictures are real, reconstructions are not."""
        (inputs,) = batches
        generated = ops.stop_gradient(self.decoded(self.encode(inputs), inputs["pose"]))
        real, fake = self.logits(inputs["image"], generated)
        terms = {"true": 0.5 * real_loss(real), "fake": 0.5 * fake_loss(fake)}
        return sum(terms.values()), terms

    def logits(self, image, generated, only_generated=False):
        """Logits of pictures and of reconstructions; None for the former where they are not asked for nor needed."""
        network = self.networks["discriminator"]
        if self.config.value("statistics", self.size) == "joint":
            return ops.split(network(ops.concatenate([image, generated], axis=0)), 2, axis=0)
        return None if only_generated else network(image), network(generated)

    def pose_loss(self, batches, training=True):
        """Mean square of the differences in normalised places and visibility."""
        (inputs,) = batches
        places = inputs["places"]
        decoded = self.networks["pose_decoder"](self.networks["pose_encoder"](places))
        visible = rounded_visibility(decoded["visible"])
        pose = ops.concatenate([decoded["places"], visible[..., None]], axis=-1)
        loss = self.config.L1Loss_weight * ops.mean(ops.square(ops.reshape(pose, ops.shape(places)) - places))
        return loss, {"l2": loss}

    def critic_loss(self, factor, batches):
        """Wasserstein distance of mapped noise from the codes of pictures, turned round: the critic makes it large."""
        (inputs,) = batches
        code, critic = inputs[f"{factor}_code"], self.networks[f"critic_{factor}"]
        mapped = self.mapped({factor: self._noise(factor, inputs)})[factor]
        terms = {"fake": ops.mean(critic(ops.stop_gradient(mapped))), "true": -ops.mean(critic(code))}
        return sum(terms.values()), terms

    def mapping_loss(self, factor, batches):
        """The mapping wants the critic to take mapped noise for codes of pictures."""
        (inputs,) = batches
        mapped = self.mapped({factor: self._noise(factor, inputs)})[factor]
        loss = -ops.mean(self.networks[f"critic_{factor}"](mapped))
        return loss, {"gan": loss}

    def _noise(self, factor, inputs):
        """The noise that came with the codes; batches of pictures bring none, and get rows that are always the same."""
        name = f"{factor}_code_noise"
        if name in inputs:
            return self.deviation * inputs[name]
        return self.fixed_noise(factor, 0, inputs[f"{factor}_code"])

    def fixed_noise(self, factor, number, like):
        """Noise (B, size) of a factor, as much as `like` (B, ...) has rows: a function of the seed and of `number`."""
        size = next(known.size for known in self.factors if known.name == factor)
        rows = generator(self.shared.seed, f"fixed noise of {factor}", number).standard_normal((_ROWS, size), "float32")
        table = ops.convert_to_tensor(np.float32(self.deviation) * rows)
        return ops.take(table, ops.arange(ops.shape(like)[0]) % _ROWS, axis=0)

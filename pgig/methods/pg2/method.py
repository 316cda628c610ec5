"""PG2: its inputs, losses and players (paper, section 3)."""

import random

import keras
import numpy as np
from keras import ops

from pgig.errors import OptionsError
from pgig.losses.logits import fake_loss, real_loss
from pgig.losses.masked import mask_loss
from pgig.methods.base import Adam, Method, Player, Stage
from pgig.methods.pg2 import discriminator, networks
from pgig.methods.pg2.weights import checkpoint
from pgig.methods.pictures import to_image
from pgig.methods.schedules import Halved
from pgig.pose.body_masks import capsule_mask, disc_mask
from pgig.pose.discs import disc_maps
from pgig.pose.draw import draw_skeleton
from pgig.pose.maps import heat_maps
from pgig.utils.random import seed_for


class Pg2(Method):
    """PG2 of Ma et al., NIPS 2017, and its mobile form.

    Args:
        shared: `pgig.config.Shared`.
        config: `Pg2Config`.
        size: (height, width) of the pictures.
        stage: `"1"` trains the first generator; `"2"` the second one and the discriminator, beside a frozen first.

    Raises:
        OptionsError: the pictures cannot be halved often enough, or options contradict each other.
    """

    def __init__(self, shared, config, size, stage):
        self.config = config
        self.size = tuple(size)
        self.statistics = config.value("statistics", self.size)
        networks.require_size(config, self.size)
        if stage == "2":
            discriminator.require_size(self.size)
            self._require_adversarial()
        # Keras takes the seeds of weights from here.
        random.seed(seed_for(shared.seed, "weights"))
        generator1 = networks.build_generator1(config, self.size)
        if stage == "1":
            self.networks = {"generator1": generator1}
            player = Player("generator1", ("generator1",), self.stage1_loss, self._adam(config.g_lr))
            self.stage = Stage("1", (player,), validate="generator1")
            return

        generator1.trainable = False
        self.networks = {
            "generator1": generator1,
            "generator2": networks.build_generator2(config, self.size),
            "discriminator": discriminator.build_discriminator(config, self.size),
        }
        generator = Player("generator2", ("generator2",), self.generator_loss, self._adam(config.g_lr))
        critic = Player("discriminator", ("discriminator",), self.discriminator_loss, self._adam(config.d_lr))
        one_batch = config.batches == "same"
        self.stage = Stage("2", (generator, critic), "generator2", one_batch, needs=("generator1",))

    @property
    def files(self):
        """Weight files: those of the second stage's generator hold the first one too."""
        if "generator2" not in self.networks:
            return {"generator": ("generator1",)}
        return {
            "stage1": ("generator1",),
            "generator": ("generator1", "generator2"),
            "discriminator": ("discriminator",),
        }

    @property
    def kept(self):
        return tuple(file for file in self.files if file != "stage1")

    def _adam(self, rate):
        config = self.config
        if config.lr_update_step:
            rate = Halved(rate, config.lr_update_step)
        # Programs of PyTorch add epsilon elsewhere.
        return Adam(rate, config.beta1, config.beta2, 1e-8, corrected=config.family != "authors")

    def _require_adversarial(self):
        if self.config.adversarial != "generated" and self.statistics == "separate":
            raise OptionsError(
                f"--adversarial {self.config.adversarial} reaches the generator through shared statistics alone: give "
                f"--statistics four or three with it."
            )

    # What the networks take ------------------------------------------------------------------------------------

    def inputs(self, batch):
        """Pictures in [-1, 1], the target's pose maps (B, H, W, 18) and its body mask (B, H, W, 1), 0 or 1."""
        keypoints = batch["target_keypoints"]
        if self.config.value("pose_maps", self.size) == "disc":
            pose = disc_maps(keypoints, self.size)
        else:
            pose = heat_maps(keypoints, self.size, form="gaussian")
        mask = {"authors": disc_mask, "human-pose-transfer": capsule_mask}[self.config.value("pose_mask", self.size)]
        inputs = {
            "source_image": to_image(batch["source_pixels"]),
            "target_image": to_image(batch["target_pixels"]),
            "target_pose": pose,
            "target_mask": mask(keypoints, self.size),
        }
        return {key: ops.stop_gradient(value) for key, value in inputs.items()}

    # Generating ------------------------------------------------------------------------------------------------

    def generate(self, inputs, training=False):
        """Images (B, H, W, 3) in [-1, 1] of the source people in the target poses; without bounds before clipping."""
        stage1 = self.stage1_image(inputs)
        image = stage1 if "generator2" not in self.networks else stage1 + self._difference(stage1, inputs)
        return ops.clip(image, -1.0, 1.0)

    def stage1_image(self, inputs):
        """The first generator's picture (B, H, W, 3), without bounds."""
        return self.networks["generator1"]([inputs["source_image"], inputs["target_pose"]])

    def bottleneck(self, inputs):
        """Code (B, z_num) of source picture and target pose in the first generator."""
        model = self.networks["generator1"]
        part = keras.Model(model.inputs, model.get_layer("bottleneck").output)
        return part([inputs["source_image"], inputs["target_pose"]])

    def global_features(self, inputs):
        """Last map of the second generator's encoder (B, h, w, C), not negative: the global feature vectors."""
        model = self.networks["generator2"]
        part = keras.Model(model.inputs, model.get_layer("features").output)
        return part([self.stage1_image(inputs), inputs["source_image"]])

    def _difference(self, stage1, inputs):
        return self.networks["generator2"]([stage1, inputs["source_image"]])

    # Losses ----------------------------------------------------------------------------------------------------

    def stage1_loss(self, batches, training=True):
        """Mask loss of the first generator."""
        (inputs,) = batches
        loss = self._mask_loss(self.stage1_image(inputs), inputs)
        return loss, {"mask_l1": loss}

    def generator_loss(self, batches, training=True):
        """Adversarial term and mask loss of the second generator; passes on the pictures of both stages."""
        (inputs,) = batches
        config = self.config
        made = self.pictures(inputs)
        logits = self.logits(inputs, made, training, only_generated=self.statistics == "separate")
        wanted = [logits["generated"]]
        if config.adversarial != "generated":
            wanted.append(logits["source"])
        weight = config.value("mask_l1_weight", self.size)
        terms = {
            "gan": config.gan_weight * sum(map(real_loss, wanted)) / len(wanted),
            "mask_l1": weight * self._mask_loss(made["generated"], inputs),
        }
        return sum(terms.values()), terms, {key: ops.stop_gradient(value) for key, value in made.items()}

    def discriminator_loss(self, batches, training=True):
        """Target pictures are real; source pictures and results are not, and count half each."""
        (inputs,) = batches
        made = {key: inputs[key] for key in ("stage1", "generated") if key in inputs} or self.pictures(inputs)
        logits = self.logits(inputs, {key: ops.stop_gradient(value) for key, value in made.items()}, training)
        terms = {
            "real": 0.5 * real_loss(logits["target"]),
            "source": 0.25 * fake_loss(logits["source"]),
            "generated": 0.25 * fake_loss(logits["generated"]),
        }
        return sum(terms.values()), terms

    def _mask_loss(self, image, inputs):
        return mask_loss(image, inputs["target_image"], inputs["target_mask"], self.config.mask_ratio)

    def pictures(self, inputs):
        """Pictures of both stages, without bounds: {"stage1", "generated"}."""
        stage1 = ops.stop_gradient(self.stage1_image(inputs))
        return {"stage1": stage1, "generated": stage1 + self._difference(stage1, inputs)}

    def logits(self, inputs, made, training, only_generated=False):
        """Logits (B, 1) of each kind of picture: {"target", "source", "generated"}."""
        pictures = {
            "target": inputs["target_image"],
            "source": inputs["source_image"],
            "stage1": made["stage1"],
            "generated": made["generated"],
        }
        network = self.networks["discriminator"]
        if self.statistics == "separate":
            # Compared with results and then with sources, targets pass twice, which the running averages show.
            kinds = ("generated",) if only_generated else ("target", "generated", "target", "source")
            return {kind: network(pictures[kind], training=training) for kind in kinds}
        if self.statistics == "three":
            del pictures["stage1"]
        logits = network(ops.concatenate(list(pictures.values()), axis=0), training=training)
        return dict(zip(pictures, ops.split(logits, len(pictures), axis=0), strict=True))

    # Pictures and files ----------------------------------------------------------------------------------------

    def pose_pictures(self, keypoints):
        """Skeletons (B, H, W, 3) uint8 of poses."""
        return np.stack([draw_skeleton(pose, self.size)[0] for pose in keypoints])

    def foreign(self, file, kind):
        """Where the tensors of a published checkpoint belong (see weights.py)."""
        return checkpoint(self, file, kind)

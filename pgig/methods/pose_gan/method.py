"""The Deformable GAN: its inputs, losses and players (paper sections 3.2 to 3.4)."""

import functools
import random

import keras
import numpy as np
from keras import ops

from pgig.estimate.openpose import joint_maps, load_estimator
from pgig.layers.warp import AffineWarp
from pgig.losses.adversarial import discriminator_loss, real_loss
from pgig.losses.neighbour import reconstruction_distance
from pgig.losses.perceptual import vgg_input
from pgig.losses.regular import total_variation
from pgig.methods.base import Adam, Method, Player, Stage
from pgig.methods.pictures import part_picture, to_image
from pgig.methods.pose_gan import networks as nets
from pgig.methods.pose_gan.weights import original_order
from pgig.pose.draw import draw_skeleton
from pgig.pose.limbs import body_transform, limb_masks, limb_transforms
from pgig.pose.maps import heat_maps
from pgig.pose.stick import stick_figure
from pgig.pretrained.vgg19 import load_keras_vgg
from pgig.utils.random import seed_for


class PoseGan(Method):
    """Deformable GAN of Siarohin et al., CVPR 2018.

    Args:
        shared: `pgig.config.Shared`.
        config: `PoseGanConfig`.
        size: (height, width) of the pictures.
        stage: `"gan"`, the only one.

    Raises:
        OptionsError: the pictures cannot be halved often enough.
    """

    def __init__(self, shared, config, size, stage="gan"):
        nets.require_size(size)
        self.shared, self.config, self.size = shared, config, tuple(size)
        self.features = self.pose_estimator = None
        # Keras takes the seeds of weights and of dropout from here; `keras.utils.set_random_seed` imports TensorFlow.
        random.seed(seed_for(shared.seed, "weights"))
        self.networks = {
            "generator": nets.build_generator(config, self.size),
            "discriminator": nets.build_discriminator(config, self.size),
        }
        adam = Adam(config.learning_rate, 0.5, 0.999, 1e-8)
        discriminator = Player(
            "discriminator", ("discriminator",), self.discriminator_loss, adam, batches=2, repeats=config.training_ratio
        )
        generator = Player("generator", ("generator",), self.generator_loss, adam)
        self.stage = Stage(stage, (discriminator, generator), validate="generator")

    @property
    def frozen(self):
        """What the content loss and the structure loss look through, where they are asked for."""
        found = {"vgg19": self.features, "pose_estimator": self.pose_estimator}
        return {name: model for name, model in found.items() if model is not None}

    def load_frozen(self):
        """Load `frozen`.

        Raises:
            OptionsError: VGG19 has no such layer.
            WeightsError: a weight file is not there, or not of the network.
        """
        if self.config.content_loss_layer != "none":
            names = [name.strip() for name in self.config.content_loss_layer.split(",")]
            self.features = load_keras_vgg(names, self.shared.perceptual_weights)
        if self.config.lstruct_penalty_weight:
            self.pose_estimator = load_estimator(self.shared.pose_estimator)

    # What the networks take ------------------------------------------------------------------------------------

    def inputs(self, batch):
        """Images, pose representations, transforms and masks of a batch, computed where the networks run."""
        source, target = batch["source_keypoints"], batch["target_keypoints"]
        inputs = {
            "source_image": to_image(batch["source_pixels"]),
            "target_image": to_image(batch["target_pixels"]),
            "target_pose": self._pose(target),
        }
        if self.config.use_input_pose:
            inputs["source_pose"] = self._pose(source)
        if self.config.use_bg:
            inputs["background"] = to_image(batch["target_background"])
        return {key: ops.stop_gradient(value) for key, value in (inputs | self._places(source, target)).items()}

    def _pose(self, keypoints):
        if self.config.pose_rep_type == "stickman":
            return stick_figure(keypoints, self.size)
        return heat_maps(keypoints, self.size, form="staircase" if self.config.original else "gaussian")

    def _places(self, source, target):
        """Where the source's parts go in the target pose, as the skip connections want it."""
        fit = "total" if self.config.original else "ordinary"
        if self.config.warp_skip == "full":
            return {"transforms": body_transform(source, target, fit=fit)}
        if self.config.warp_skip == "mask":
            return {
                "transforms": limb_transforms(source, target, fit=fit),
                "masks": limb_masks(target, self.size),
            }
        if self.config.warp_skip == "stn":
            return {"pose_vector": ops.concatenate([pose_vector(source), pose_vector(target)], axis=-1)}
        return {}

    # Generating ------------------------------------------------------------------------------------------------

    def generate(self, inputs, training=False):
        """Images (B, H, W, 3) in [-1, 1] of the source people in the target poses."""
        names = nets.generator_inputs(self.config, self.size)
        return self.networks["generator"]({name: inputs[name] for name in names}, training=training)

    def scores(self, inputs, images):
        """Scores of `images` beside the conditions of a list of inputs, in the same order along the batch axis."""
        names = [name for name in nets.discriminator_inputs(self.config, self.size) if name != "image"]
        conditions = {name: ops.concatenate([part[name] for part in inputs], axis=0) for name in names}
        return self.networks["discriminator"](conditions | {"image": images}, training=True)

    # Losses ----------------------------------------------------------------------------------------------------

    def discriminator_loss(self, batches, training=True):
        """Real pairs of the first batch against generated ones of the second (spec: both halves in one pass)."""
        real, other = batches
        generated = ops.stop_gradient(self.generate(other, training=training))
        scores = self.scores([real, other], ops.concatenate([real["target_image"], generated], axis=0))
        total, true, fake = discriminator_loss(scores)
        return total, {"true": true, "fake": fake}

    def generator_loss(self, batches, training=True):
        """Adversarial, reconstruction, total-variation and structure terms, each with its weight."""
        (inputs,) = batches
        config = self.config
        generated = self.generate(inputs, training=training)
        zero = ops.zeros(())
        gan = zero
        if config.gan_penalty_weight:
            gan = config.gan_penalty_weight * real_loss(self.scores([inputs], generated))
        terms = {
            "gan_loss": gan,
            "l1_loss": self._reconstruction(inputs["target_image"], generated),
            "tv_loss": config.tv_penalty_weight * total_variation(generated) if config.tv_penalty_weight else zero,
            "lstruct": self._structure(inputs["target_image"], generated) if config.lstruct_penalty_weight else zero,
        }
        return sum(terms.values()), terms

    def _reconstruction(self, real, generated):
        distance = functools.partial(reconstruction_distance, area=self.config.nn_loss_area_size)
        if self.config.content_loss_layer == "none":
            return self.config.l1_penalty_weight * distance(real, generated)
        order = "original" if self.config.original else "imagenet"
        # A model of one output gives a bare tensor.
        real_maps, generated_maps = (
            keras.tree.flatten(self.features(vgg_input(image, order))) for image in (real, generated)
        )
        distances = [distance(ops.stop_gradient(a), b) for a, b in zip(real_maps, generated_maps, strict=True)]
        return self.config.l1_penalty_weight * sum(distances)

    def _structure(self, real, generated):
        """Mean squared difference of the joint maps that a pose estimator sees in both pictures."""
        real_maps, generated_maps = (joint_maps(self.pose_estimator, image) for image in (real, generated))
        return self.config.lstruct_penalty_weight * ops.mean(ops.square(ops.stop_gradient(real_maps) - generated_maps))

    # Pictures and files ----------------------------------------------------------------------------------------

    def pose_pictures(self, keypoints):
        """Drawings (B, H, W, 3) uint8 of poses: skeletons, or the stick figures that the networks see."""
        if self.config.pose_rep_type == "stickman":
            return (255 * ops.convert_to_numpy(stick_figure(keypoints, self.size))).astype("uint8")
        return np.stack([draw_skeleton(pose, self.size)[0] for pose in keypoints])

    def visuals(self, inputs):
        """With `--warp_skip full` and `mask`: the source picture as the skip connections place it; its parts' places.

        A part of the body that covers pixels shows them in colours of its own.
        """
        if "transforms" not in inputs:
            return {}
        places = {name: inputs[name] for name in ("transforms", "masks") if name in inputs}
        # Black is 0 here, as it is where no copy reaches.
        copies = AffineWarp(self.size, self.config.warp_agg)([(inputs["source_image"] + 1) / 2, *places.values()])
        pictures = {"placed source": 2 * copies - 1}
        if "masks" in places:
            pictures["body parts"] = part_picture(places["masks"][:, 1:])
        return pictures

    def own_order(self, network):
        """Weights of `network` in the order of the original's .h5 files: a list of (file's name, variable)."""
        return original_order(self.networks[network], network, self.config, self.size)


def pose_vector(keypoints):
    """The 36 numbers y, x, y, x, ... of poses (B, 18, 3), with -1 for missing joints."""
    positions = ops.where(keypoints[..., 2:] > 0, keypoints[..., :2], -1.0)
    return ops.reshape(positions, (-1, 36))

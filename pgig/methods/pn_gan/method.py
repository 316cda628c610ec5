"""PN-GAN: its inputs, losses and players (paper, section 3.2)."""

import random

import numpy as np
from keras import ops

from pgig.losses.least_squares import fake_loss, real_loss
from pgig.losses.masked import mask_loss
from pgig.losses.perceptual import Vgg19, content_loss
from pgig.losses.regular import mean_absolute
from pgig.methods.base import Adam, Method, Player, Stage
from pgig.methods.pictures import to_image
from pgig.methods.pn_gan import networks as nets
from pgig.methods.pn_gan.weights import torch_table
from pgig.methods.schedules import LinearDecay
from pgig.pose.body_masks import capsule_mask
from pgig.pose.draw import draw_skeleton
from pgig.pose.maps import heat_maps
from pgig.pose.skeleton_picture import skeleton_picture
from pgig.pretrained.vgg_layers import numbered
from pgig.utils.random import seed_for

# Torchvision's VGG19 takes pictures divided by a deviation of 0.225 (of 1), Keras's takes bytes: its features are
# larger by this much.
_VGG_SPAN = 255 * 0.225


class PnGan(Method):
    """PN-GAN of Qian et al., ECCV 2018.

    Args:
        shared: `pgig.config.Shared`.
        config: `PnGanConfig`.
        size: (height, width) of the pictures.
        stage: `"gan"`, the only one.

    Raises:
        OptionsError: the pictures are too small, or not of a multiple of 4 pixels.
    """

    def __init__(self, shared, config, size, stage="gan"):
        nets.require_size(size)
        self.shared, self.config, self.size = shared, config, tuple(size)
        self.features = None
        # Keras takes the seeds of weights from here.
        random.seed(seed_for(shared.seed, "weights"))
        self.networks = {
            "generator": nets.build_generator(config, self.size),
            "discriminator": nets.build_discriminator(config, self.size),
        }
        adam = Adam(learning_rate(shared, config), 0.5, 0.999, 1e-8, corrected=True)
        generator = Player("generator", ("generator",), self.generator_loss, adam)
        discriminator = Player("discriminator", ("discriminator",), self.discriminator_loss, adam)
        self.stage = Stage(stage, (generator, discriminator), validate="generator", one_batch=True)

    @property
    def frozen(self):
        """What the perceptual loss looks through, where it is asked for."""
        return {"vgg19": self.features.model} if self.features else {}

    def load_frozen(self):
        """Load `frozen`.

        Raises:
            WeightsError: the weight file is not there, or not of the network.
        """
        config = self.config
        if config.perceptual_loss:
            names = [numbered()[config.perceptual_layers]]
            self.features = Vgg19(names, self.shared.perceptual_weights, config.perceptual_network)

    # What the networks take ------------------------------------------------------------------------------------

    def inputs(self, batch):
        """Pictures in [-1, 1] and the generator's pose input; the target's body mask where the loss has it."""
        target = batch["target_keypoints"]
        poses = (batch["source_keypoints"], target) if self.config.two_poses else (target,)
        inputs = {
            "source_image": to_image(batch["source_pixels"]),
            "target_image": to_image(batch["target_pixels"]),
            "pose": ops.concatenate([self._pose(pose) for pose in poses], axis=-1),
        }
        if self.config.mask_l1_loss:
            inputs["target_mask"] = capsule_mask(target, self.size)
        return {key: ops.stop_gradient(value) for key, value in inputs.items()}

    def _pose(self, keypoints):
        if self.config.pose_maps == "picture":
            return skeleton_picture(keypoints, self.size)
        return heat_maps(keypoints, self.size, form="gaussian")

    # Generating ------------------------------------------------------------------------------------------------

    def generate(self, inputs, training=False):
        """Images (B, H, W, 3) in [-1, 1] of the source people in the target poses."""
        return self.networks["generator"](_taken(inputs))

    def generate_after_block(self, inputs, block):
        """What the decoder makes of the map after residual block `block`, from 0: shows what each block adds.

        Args:
            inputs: what `inputs` returned.
            block: 0 ... num_resblock - 1; the last one gives `generate`.

        Returns:
            (B, H, W, 3) float32 in [-1, 1].
        """
        return nets.decoding_after(self.networks["generator"], block)(_taken(inputs))

    def scores(self, images, sources):
        """Scores (B, h, w) of patches of `images`, beside the source pictures where the discriminator sees them."""
        given = {"image": images} if self.config.original else {"image": images, "condition": sources}
        return self.networks["discriminator"](given)

    # Losses ----------------------------------------------------------------------------------------------------

    def generator_loss(self, batches, training=True):
        """Least-squares adversarial term and differences from the target; passes the pictures on."""
        (inputs,) = batches
        config, target = self.config, inputs["target_image"]
        generated = self.generate(inputs)
        terms = {"gan_loss": real_loss(self.scores(generated, inputs["source_image"]))}
        if config.lambda_idt:
            terms["idt_loss"] = config.lambda_idt * mean_absolute(generated, target)
        if config.mask_l1_loss:
            terms["mask_l1_loss"] = config.mask_l1_loss * mask_loss(generated, target, inputs["target_mask"])
        if config.perceptual_loss:
            terms["perceptual_loss"] = config.perceptual_loss * self._feature_distance(generated, target)
        return sum(terms.values()), terms, {"generated": ops.stop_gradient(generated)}

    def discriminator_loss(self, batches, training=True):
        """Pictures of the source, or of the target, are real; those that the generator passed on are not."""
        (inputs,) = batches
        source = inputs["source_image"]
        real = source if self.config.discriminator_real == "source" else inputs["target_image"]
        images = ops.concatenate([inputs["generated"], real], axis=0)
        fake_scores, real_scores = ops.split(self.scores(images, ops.concatenate([source, source], axis=0)), 2, axis=0)
        weight = 1.0 if self.config.original else 0.5
        terms = {"fake": weight * fake_loss(fake_scores), "true": weight * real_loss(real_scores)}
        return sum(terms.values()), terms

    def _feature_distance(self, generated, target):
        distance = content_loss(*(self.features(image).values() for image in (generated, target)))
        return distance / (_VGG_SPAN if self.config.perceptual_network == "keras" else 1.0)

    # Pictures and files ----------------------------------------------------------------------------------------

    def pose_pictures(self, keypoints):
        """Pictures (B, H, W, 3) uint8 of poses: those that the generator sees, or skeletons in place of Gaussians."""
        if self.config.pose_maps == "picture":
            pictures = ops.convert_to_numpy(skeleton_picture(keypoints, self.size))
            return np.round(127.5 * (pictures + 1)).astype("uint8")
        return np.stack([draw_skeleton(pose, self.size)[0] for pose in keypoints])

    def foreign(self, file, kind):
        """Where the tensors of a published state file belong; there are none of TensorFlow."""
        return torch_table(self.networks[file]) if kind == "torch" else None


def learning_rate(shared, config):
    """The learning rate of both players: a number, or a schedule over the epochs of the run."""
    if config.lr_schedule == "constant":
        return config.learning_rate
    last = shared.start_epoch + shared.number_of_epochs
    falling = config.lr_decay if config.lr_schedule == "original" else max(1, last - config.lr_decay + 1)
    return LinearDecay(config.learning_rate, shared.iterations_per_epoch, config.lr_decay, falling, shared.start_epoch)


def _taken(inputs):
    return {name: inputs[name] for name in ("source_image", "pose")}

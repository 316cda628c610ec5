"""PATN: its inputs, losses and players (paper, section 3; tengteng95/Pose-Transfer:models/PATN.py)."""

import random

import keras
import numpy as np
from keras import ops

from pgig.errors import OptionsError
from pgig.losses import least_squares, logits
from pgig.losses.image_pool import ImagePool
from pgig.losses.perceptual import Vgg19
from pgig.losses.regular import mean_absolute
from pgig.losses.roi_style import part_style_loss
from pgig.methods.base import Adam, Method, Player, Stage
from pgig.methods.patn import fine_weights
from pgig.methods.patn import networks as nets
from pgig.methods.patn.fine_networks import build_fine_generator
from pgig.methods.patn.weights import torch_table
from pgig.methods.pictures import grey_picture, to_image
from pgig.methods.schedules import LinearDecay, Stepped
from pgig.pose.draw import draw_skeleton
from pgig.pose.maps import heat_maps
from pgig.pose.part_boxes import part_boxes
from pgig.pretrained.vgg_layers import numbered
from pgig.utils.random import seed_for


class Patn(Method):
    """PATN of Zhu et al., CVPR 2019, and the generator PATN_Fine that its authors published later.

    Args:
        shared: `pgig.config.Shared`.
        config: `PatnConfig`.
        size: (height, width) of the pictures.
        stage: `"gan"`, the only one.

    Raises:
        OptionsError: the pictures are too small or cannot be halved often enough, or every loss is off.
    """

    def __init__(self, shared, config, size, stage="gan"):
        nets.require_size(config, size)
        self.shared, self.config, self.size = shared, config, tuple(size)
        self.lambda_l1 = config.value("lambda_A", self.size)
        looks = config.L1_type == "l1_plus_perL1"
        self.lambda_features = config.value("lambda_B", self.size) if looks else 0.0
        self.lambda_style = config.lambda_style if looks and config.fine else 0.0
        self.adversarial = logits if config.value("no_lsgan", self.size) else least_squares
        self.features = None
        switches = {"discriminator_pb": config.with_D_PB, "discriminator_pp": config.with_D_PP}
        critics = [name for name, on in switches.items() if on]
        if not (critics and config.lambda_GAN or self.lambda_l1 or self.lambda_features or self.lambda_style):
            raise OptionsError("Every loss of the generator is off: give one of --lambda_A, --lambda_B, --lambda_GAN.")

        # Keras takes the seeds of weights and of pools from here.
        random.seed(seed_for(shared.seed, "weights"))
        build = build_fine_generator if config.fine else nets.build_generator
        self.networks = {"generator": build(config, self.size)}
        self.networks |= {name: nets.build_discriminator(config, self.size, name) for name in critics}
        self.pools = {name: self._pool(name) for name in critics if config.value("pool_size", self.size)}
        self.stage = Stage(stage, tuple(self._players(critics)), validate="generator", one_batch=True)

    def _pool(self, name):
        pool = ImagePool(self.config.value("pool_size", self.size), name=f"pool_{name}")
        pool.build(self.networks[name].input_shape)
        return pool

    def _players(self, critics):
        def adam(repeats):
            return Adam(self._learning_rate(repeats), self.config.beta1, 0.999, 1e-8, corrected=True)

        yield Player("generator", ("generator",), self.generator_loss, adam(1))
        repeats = self.config.DG_ratio
        # The original's order.
        for name in sorted(critics, reverse=True):
            yield Player(name, (name,), self._critic_loss(name), adam(repeats), repeats=repeats)

    def _learning_rate(self, repeats):
        """The schedule of a player with so many updates in an iteration."""
        shared, config = self.shared, self.config
        updates = shared.iterations_per_epoch * repeats
        if config.lr_policy == "step":
            return Stepped(config.lr, updates, config.lr_decay_iters, shared.start_epoch)
        return LinearDecay(config.lr, updates, config.niter - 1, config.niter_decay + 1, shared.start_epoch)

    # What belongs to the method ---------------------------------------------------------------------------------

    @property
    def frozen(self):
        return {"vgg": self.features.model} if self.features else {}

    @property
    def memory(self):
        return {f"pool_{name}": pool for name, pool in self.pools.items()}

    def load_frozen(self):
        """Load VGG19, where the loss has its features."""
        if self.lambda_features or self.lambda_style:
            shared, config = self.shared, self.config
            layer = numbered()[config.perceptual_layers]
            self.features = Vgg19([layer], shared.perceptual_weights, config.perceptual_network)

    def inputs(self, batch):
        """Pictures in [-1, 1] and maps of both poses; for PATN_Fine also the boxes of their parts."""
        form = self.config.value("pose_maps", self.size)
        inputs = {}
        for side in ("source", "target"):
            inputs[f"{side}_image"] = to_image(batch[f"{side}_pixels"])
            keypoints = batch[f"{side}_keypoints"]
            inputs[f"{side}_pose"] = heat_maps(keypoints, self.size, form=form)
            if self.config.fine:
                inputs[f"{side}_boxes"] = part_boxes(keypoints, self.size)
        return {key: ops.stop_gradient(value) for key, value in inputs.items()}

    def generate(self, inputs, training=False):
        """Images (B, H, W, 3) in [-1, 1] of the source people in the target poses."""
        generator = self.networks["generator"]
        return generator({name: inputs[name] for name in generator.input}, training=training)

    # Losses ----------------------------------------------------------------------------------------------------

    def generator_loss(self, batches, training=True):
        """Differences from the target and the adversarial terms; passes the pictures on.

        While training, the discriminators' averages follow what they see here too, as in the original.
        """
        (inputs,) = batches
        config, target = self.config, inputs["target_image"]
        generated = self.generate(inputs, training)
        critics = [name for name in self.networks if name in nets.CONDITIONS and config.lambda_GAN]
        terms = {}
        for name in critics:
            scores = self.networks[name](_pair(name, generated, inputs), training=training)
            weight = config.lambda_GAN / len(critics)
            terms[f"pair_GANloss_{name[-2:].upper()}"] = weight * self.adversarial.real_loss(scores)
        if self.lambda_l1:
            terms["origin_L1"] = self.lambda_l1 * mean_absolute(generated, target)
        if self.lambda_features or self.lambda_style:
            terms |= self._feature_terms(generated, target, inputs)
        return sum(terms.values()), terms, {"generated": ops.stop_gradient(generated)}

    def _feature_terms(self, generated, target, inputs):
        (ours,), (theirs,) = (self.features(image).values() for image in (generated, target))
        ours, theirs, terms = ops.cast(ours, "float32"), ops.stop_gradient(ops.cast(theirs, "float32")), {}
        if self.lambda_features:
            absolute = self.config.percep_is_l1
            distance = mean_absolute(ours, theirs) if absolute else ops.mean(ops.square(ours - theirs))
            terms["perceptual"] = self.lambda_features * distance
        if self.lambda_style:
            terms["style"] = self.lambda_style * part_style_loss(ours, theirs, inputs["target_boxes"], self.size)
        return terms

    def _critic_loss(self, name):
        """The loss of a discriminator: targets are real, and what the generator passed on is not."""
        network, pool = self.networks[name], self.pools.get(name)
        # Statistics of a batch are those of one kind of pictures.
        apart = self.config.discriminator_norm(self.size) == "batch"

        def loss(batches, training=True):
            (inputs,) = batches
            pairs = [_pair(name, inputs[image], inputs) for image in ("target_image", "generated")]
            if pool and training:
                pairs[1] = pool(pairs[1])
            if apart:
                real, fake = (network(pair, training=training) for pair in pairs)
            else:
                real, fake = ops.split(network(ops.concatenate(pairs, axis=0), training=training), 2, axis=0)
            # The program of PATN_Fine leaves the weight of the adversarial losses to the generator.
            weight = 0.5 * (1.0 if self.config.fine else self.config.lambda_GAN)
            terms = {"true": weight * self.adversarial.real_loss(real)}
            terms["fake"] = weight * self.adversarial.fake_loss(fake)
            return sum(terms.values()), terms

        return loss

    # Pictures and files ----------------------------------------------------------------------------------------

    def pose_pictures(self, keypoints):
        """Pictures (B, H, W, 3) uint8 of poses: skeletons in place of the maps."""
        return np.stack([draw_skeleton(pose, self.size)[0] for pose in keypoints])

    def visuals(self, inputs):
        """How far the gate of each transfer block is open, on average over the channels: black is shut."""
        generator = self.networks["generator"]
        gates = [layer.output for layer in generator.layers if layer.name.endswith("_gate")]
        found = keras.Model(generator.input, gates)({name: inputs[name] for name in generator.input})
        return {
            f"attention {number}": grey_picture(ops.mean(ops.cast(gate, "float32"), axis=-1, keepdims=True), 0.0, 1.0)
            for number, gate in enumerate(keras.tree.flatten(found), 1)
        }

    def foreign(self, file, kind):
        """Where the tensors of a published state file belong; there are none of TensorFlow."""
        if kind != "torch":
            return None
        dropout = not (self.config.no_dropout if file == "generator" else self.config.no_dropout_D)
        table = fine_weights.torch_table if self.config.fine and file == "generator" else torch_table
        return table(self.networks[file], dropout)


def _pair(name, image, inputs):
    """A picture and what a discriminator sees beside it, the target pose or the source picture: (B, H, W, 3 + C)."""
    condition = inputs["target_pose" if name == "discriminator_pb" else "source_image"]
    return ops.concatenate([image, condition], axis=-1)

"""DPIG: its inputs, losses and players (paper, section 3)."""

import random

import numpy as np
from keras import ops

from pgig.methods.base import Adam, Player, RMSProp, Stage
from pgig.methods.dpig import appearance_networks, discriminator, vector_networks
from pgig.methods.dpig.losses import DpigLosses
from pgig.methods.dpig.visuals import pose_picture, visuals
from pgig.methods.dpig.weights import checkpoint
from pgig.methods.factored import Factor
from pgig.methods.pictures import to_image
from pgig.methods.schedules import Halved
from pgig.pose.body_masks import disc_mask
from pgig.pose.body_parts import body_boxes
from pgig.pose.coordinates import from_normalised, normalised
from pgig.pose.discs import disc_maps
from pgig.pose.draw import draw_skeleton
from pgig.utils.random import seed_for


class Dpig(DpigLosses):
    """DPIG of Ma et al., CVPR 2018.

    Args:
        shared: `pgig.config.Shared`.
        config: `DpigConfig`.
        size: (height, width) of the pictures.
        stage: `"appearance"` trains encoder and generator of pictures, `"pose"` the auto-encoder of poses;
            `"sample-appearance"` and `"sample-pose"` the mappings of noise to their codes; `"all"` trains nothing.

    Raises:
        OptionsError: the networks cannot be built for pictures of this size.
    """

    def __init__(self, shared, config, size, stage):
        self.shared, self.config, self.size = shared, config, tuple(size)
        names = ("fg", "bg") if config.value("background", self.size) else ("app",)
        titles = {"fg": "foreground", "bg": "background", "app": "appearance"}
        parts = appearance_networks.PARTS * config.part_emb_dim
        sizes = {"fg": parts, "app": parts, "bg": config.bg_emb_dim}
        self.appearance = tuple(Factor(name, titles[name], sizes[name]) for name in names)
        self.factors = (*self.appearance, Factor("pose", "pose", config.pose_emb_dim))
        self.draws = stage not in ("pose", "sample-pose")
        self._poses = stage in ("pose", "sample-pose", "all")
        self.sampled = {
            "sample-appearance": self.appearance, "sample-pose": self.factors[-1:], "all": self.factors
        }.get(stage, ())  # fmt: skip
        if self.draws:
            appearance_networks.require_size(config, self.size)
        # Keras takes the seeds of weights from here.
        random.seed(seed_for(shared.seed, "weights"))
        self.networks = self._build(stage)
        self.stage = self._stage(stage)
        trained = {name for player in self.stage.players for name in player.trains}
        for name, network in self.networks.items():
            network.trainable = name in trained

    # Networks, files and stages --------------------------------------------------------------------------------

    def _build(self, stage):
        config, size, networks = self.config, self.size, {}
        if self.draws:
            networks["encoder"] = appearance_networks.build_encoder(config, size)
            networks["generator"] = appearance_networks.build_generator(config, size)
        if stage in ("appearance", "all"):
            networks["discriminator"] = discriminator.build_discriminator(config, size)
        if self._poses:
            networks["pose_encoder"] = vector_networks.build_pose_encoder(config)
            networks["pose_decoder"] = vector_networks.build_pose_decoder(config)
        for factor in self.sampled:
            mapping = vector_networks.build_mapping(config, factor.name, factor.size)
            networks[f"mapping_{factor.name}"] = mapping
            if stage != "all":
                critic = vector_networks.build_critic(config, factor.name, factor.size)
                networks[f"critic_{factor.name}"] = critic
        return networks

    @property
    def mappings(self):
        return {factor.name: f"mapping_{factor.name}" for factor in self.sampled}

    @property
    def files(self):
        """Weight files: those of the later stages hold what they build upon too."""
        pictures, poses = ("encoder", "generator"), ("pose_encoder", "pose_decoder")
        mappings = tuple(self.mappings[factor.name] for factor in self.appearance if factor.name in self.mappings)
        critics = tuple(f"critic_{factor.name}" for factor in self.sampled)
        return {
            "appearance": {"generator": pictures, "discriminator": ("discriminator",)},
            "pose": {"generator": poses},
            "sample-appearance": {
                "appearance": pictures, "generator": (*pictures, *mappings), "discriminator": critics
            },
            "sample-pose": {"pose": poses, "generator": (*poses, "mapping_pose"), "discriminator": critics},
            "all": {
                "generator": (*mappings, *pictures), "mapping": mappings, "pose": ("mapping_pose", *poses),
                "pose_mapping": ("mapping_pose",), "appearance": pictures, "discriminator": ("discriminator",),
            },
        }[self.stage.name]  # fmt: skip

    @property
    def kept(self):
        return tuple(file for file in self.files if file not in ("appearance", "pose"))

    def _stage(self, name):
        if name == "appearance":
            players = (
                Player("discriminator", ("discriminator",), self.discriminator_loss, self._adam(self.config.d_lr)),
                Player("generator", ("encoder", "generator"), self.generator_loss, self._adam(self.config.g_lr, 1)),
            )
            return Stage(name, players, validate="generator")
        if name == "pose":
            trained = ("pose_encoder", "pose_decoder")
            player = Player("pose", trained, self.pose_loss, self._adam(self.config.g_lr, 1))
            return Stage(name, (player,), validate="pose")
        if name == "all":
            return Stage(name, ())
        players = tuple(player for factor in self.sampled for player in self._sampling_players(factor.name))
        needs = ("generator",) if name == "sample-appearance" else ("pose_decoder",)
        codes = {f"{factor.name}_code": factor.size for factor in self.sampled}
        return Stage(name, players, needs=needs, codes=codes)

    def _sampling_players(self, factor):
        """The critic of a factor's codes, then its mapping: the published order but for the very first update."""
        config, updates = self.config, self.config.critic_updates
        critic, mapping = f"critic_{factor}", f"mapping_{factor}"
        return (
            Player(critic, (critic,), lambda batches, training=True: self.critic_loss(factor, batches),
                   RMSProp(self._rate(config.d_lr, updates)), repeats=updates),
            Player(mapping, (mapping,), lambda batches, training=True: self.mapping_loss(factor, batches),
                   RMSProp(self._rate(config.g_lr, first=1))),
        )  # fmt: skip

    def _adam(self, rate, first=0):
        return Adam(self._rate(rate, first=first), self.config.beta1, self.config.beta2, 1e-8, exact=True)

    def _rate(self, rate, updates=1, first=0):
        """A learning rate that is halved after so many iterations of so many updates.

        The published generators, pose networks and mappings are first updated in the second iteration: their update
        number k has the rate of iteration k + `first`.
        """
        every = self.config.lr_update_step * updates
        if not every:
            return rate
        done = self.shared.start_epoch * self.shared.iterations_per_epoch * updates
        return Halved(rate, every, done + first)

    # What the networks take ------------------------------------------------------------------------------------

    def inputs(self, batch):
        """What the networks of the stage take of the source picture and of both poses; codes pass as they are.

        Of pictures: `image` (B, H, W, 3) in [-1, 1], `boxes` (B, 7, 4) as y1, x1, y2, x2 in pixels, `visible` (B, 7),
        `mask` (B, H, W, 1), `pose` and `target_pose` (B, H, W, 18) in -1 and 1. Of poses: `places` and `target_places`
        (B, 54), see `pgig.pose.coordinates.normalised`. Codes that the stage has from networks that it does not train
        are made here, as `<factor>_code`.
        """
        if not any(name.endswith("_pixels") for name in batch):
            return batch
        source, target, inputs = batch["source_keypoints"], batch["target_keypoints"], {}
        if self.draws:
            config = self.config
            inputs["image"] = to_image(batch["source_pixels"])
            inputs["boxes"], inputs["visible"] = body_boxes(
                source, self.size, config.value("part_boxes", self.size), appearance_networks.PARTS
            )
            inputs["mask"] = disc_mask(source, self.size, config.value("mask_radius", self.size))
            inputs["pose"], inputs["target_pose"] = (disc_maps(pose, self.size) for pose in (source, target))
        if self._poses:
            for name, pose in (("places", source), ("target_places", target)):
                inputs[name] = ops.reshape(normalised(pose, self.size), (-1, 3 * pose.shape[1]))
        if self.stage.codes:
            codes = self.encode(inputs)
            inputs |= {f"{factor.name}_code": codes[factor.name] for factor in self.sampled}
        return {name: ops.stop_gradient(value) for name, value in inputs.items()}

    def encode(self, inputs):
        """Codes of the source pictures and poses, as far as the stage has networks for them: {factor: (B, size)}."""
        codes = {}
        if self.draws:
            names = ("image", "boxes", "visible", *(["mask"] if len(self.appearance) > 1 else []))
            codes |= self.networks["encoder"]({name: inputs[name] for name in names})
        if self._poses:
            codes["pose"] = self.networks["pose_encoder"](inputs["places"])
        return codes

    # Generating ------------------------------------------------------------------------------------------------

    def generate(self, inputs, training=False):
        """Images (B, H, W, 3) in [-1, 1] of the source people in the target poses.

        In the stages of poses alone, the target poses as the auto-encoder knows them: white discs on black.
        """
        if not self.draws:
            return pose_picture(self.decoded_pose(self.networks["pose_encoder"](inputs["target_places"])), self.size)
        return ops.clip(self.decoded(self.encode(inputs), inputs["target_pose"]), -1.0, 1.0)

    def decoded(self, codes, pose):
        """Pictures (B, H, W, 3), without bounds, of codes of the appearance and pose maps (B, H, W, 18)."""
        given = {factor.name: codes[factor.name] for factor in self.appearance}
        return self.networks["generator"](given | {"pose": pose})

    def render(self, codes, keypoints):
        """Pictures (B, H, W, 3), without bounds, of codes in poses (B, 18, 3) y, x, visible."""
        return self.decoded(codes, disc_maps(keypoints, self.size))

    def mapped(self, noise):
        """Codes that noise of the standard deviation `deviation` is mapped to: {factor: (B, size)}."""
        return {name: self.networks[self.mappings[name]](value) for name, value in noise.items()}

    def decoded_pose(self, code):
        """The pose (B, 18, 3) y, x, visible, at whole pixels, of codes (B, size) of poses."""
        decoded = self.networks["pose_decoder"](code)
        visible = vector_networks.rounded_visibility(decoded["visible"])
        return from_normalised(decoded["places"], visible, self.size)

    def realness(self, images):
        """Logits (B,) of the discriminator, which normalises by the statistics of these images."""
        logits = self.networks["discriminator"](images)
        return ops.mean(ops.reshape(logits, (ops.shape(images)[0], -1)), axis=-1)

    # Pictures and files ----------------------------------------------------------------------------------------

    def visuals(self, inputs):
        """Reconstructions, and pictures of which one factor alone is sampled (see visuals.py)."""
        return visuals(self, inputs)

    def pose_pictures(self, keypoints):
        """Skeletons (B, H, W, 3) uint8 of poses."""
        return np.stack([draw_skeleton(pose, self.size)[0] for pose in keypoints])

    def foreign(self, file, kind):
        """Where the tensors of a published checkpoint belong (see weights.py)."""
        return checkpoint(self, file, kind)

"""GFLA: its inputs, losses and players (paper, sections 3 and 4)."""

import random

import numpy as np
from keras import ops

from pgig.errors import OptionsError
from pgig.layers.block_extractor import block_extractor
from pgig.losses import hinge, least_squares
from pgig.losses.affine_fit import affine_regularisation
from pgig.losses.correctness import sampling_correctness
from pgig.losses.perceptual import Vgg19, content_loss
from pgig.losses.regular import mean_absolute
from pgig.losses.style import style_loss
from pgig.methods.base import Adam, Method, Player, Stage
from pgig.methods.gfla.discriminator import build_discriminator
from pgig.methods.gfla.networks import attention_inputs, build_flow_net, build_renderer
from pgig.methods.gfla.weights import torch_table
from pgig.methods.pictures import attended_picture, attention_picture, flow_picture, grey_picture, to_image
from pgig.pose.draw import draw_skeleton
from pgig.pose.maps import heat_maps
from pgig.utils.random import seed_for

# Maps of VGG19 that are compared; the correctness of layer L looks at the first ReLU of block L + 1.
CONTENT = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
STYLE = ("relu2_2", "relu3_4", "relu4_4", "relu5_2")
_DEEPEST = 4


class Gfla(Method):
    """GFLA of Ren et al., CVPR 2020.

    Args:
        shared: `pgig.config.Shared`.
        config: `GflaConfig`.
        size: (height, width) of the pictures.
        stage: `"flow"` trains the flow estimator alone; `"full"` everything.

    Raises:
        OptionsError: the pictures cannot be halved often enough, or options contradict each other.
    """

    def __init__(self, shared, config, size, stage):
        config.require_size(size)
        self.shared, self.config, self.size = shared, config, tuple(size)
        # From coarse to fine, as the flow estimator finds them.
        self.layers = sorted(config.attn_layers_of(self.size), reverse=True)
        self.kernels = config.kernel_sizes_of(self.size)
        self.features = None
        self.lambda_correct = config.weight("lambda_correct", stage)
        self.lambda_regularization = config.weight("lambda_regularization", stage)
        self._require_losses(stage)
        # Keras takes the seeds of weights from here.
        random.seed(seed_for(shared.seed, "weights"))
        adam = Adam(config.lr, 0.0, 0.999, 1e-8, corrected=True)
        self.networks = {"flow": build_flow_net(config, self.size)}
        if stage == "flow":
            # No loss of this stage looks at the masks.
            for layer in self.networks["flow"].layers:
                if layer.name.startswith("mask"):
                    layer.trainable = False
            self.stage = Stage(stage, (Player("flow", ("flow",), self.flow_loss, adam),), validate="flow")
            return

        self.networks["generator"] = build_renderer(config, self.size)
        self.networks["discriminator"] = build_discriminator(config, self.size)
        slower = Adam(config.lr * config.ratio_g2d, 0.0, 0.999, 1e-8, corrected=True)
        discriminator = Player("discriminator", ("discriminator",), self.discriminator_loss, slower)
        generator = Player("generator", ("flow", "generator"), self.generator_loss, adam)
        self.stage = Stage(stage, (discriminator, generator), validate="generator", one_batch=True, needs=("flow",))

    @property
    def files(self):
        """Weight files: that of the full generator holds the flow estimator too."""
        if "generator" not in self.networks:
            return {"generator": ("flow",)}
        return {"flow": ("flow",), "generator": ("flow", "generator"), "discriminator": ("discriminator",)}

    @property
    def kept(self):
        return tuple(file for file in self.files if file != "flow")

    @property
    def frozen(self):
        return {"features": self.features.model} if self.features else {}

    def load_frozen(self):
        """Load VGG19 as far as the losses look into it.

        Raises:
            OptionsError: a layer is attended to that VGG19 has no map for.
            WeightsError: there is no weight file of it, or another.
        """
        if self.lambda_correct and self.layers[0] > _DEEPEST:
            raise OptionsError(
                f"--attn_layer {self.config.attn_layer}: the sampling correctness compares maps of VGG19, which has "
                f"none beyond layer {_DEEPEST}: leave layer {self.layers[0]} out, or give --lambda_correct 0."
            )
        names = self._feature_names()
        if names:
            config = self.config
            self.features = Vgg19(names, self.shared.perceptual_weights, config.perceptual_network, normalise=False)

    def _require_losses(self, stage):
        config, flags = self.config, ["lambda_correct", "lambda_regularization"]
        if stage == "full":
            flags += ["lambda_rec", "lambda_g", "lambda_style", "lambda_content"]
        if not any(getattr(self, flag, getattr(config, flag)) for flag in flags):
            listed = ", ".join(f"--{flag}" for flag in flags)
            raise OptionsError(f"Every loss of --stage {stage} is off: give one of {listed} above 0.")

    def _feature_names(self):
        config, names = self.config, []
        if self.lambda_correct:
            names += [_correctness_map(layer) for layer in self.layers]
        if "generator" in self.networks:
            names += [*(CONTENT if config.lambda_content else ()), *(STYLE if config.lambda_style else ())]
        return sorted({*names})

    # What the networks take ------------------------------------------------------------------------------------

    def inputs(self, batch):
        """Pictures in [-1, 1] and Gaussian pose maps (B, H, W, 18) of source and target."""
        inputs = {}
        for side in ("source", "target"):
            inputs[f"{side}_image"] = to_image(batch[f"{side}_pixels"])
            inputs[f"{side}_pose"] = heat_maps(batch[f"{side}_keypoints"], self.size, form="gaussian")
        return {key: ops.stop_gradient(value) for key, value in inputs.items()}

    # Generating ------------------------------------------------------------------------------------------------

    def fields(self, inputs):
        """Flow fields and masks: {"flow<L>": (B, h, w, 2) x, y in pixels of layer L, "mask<L>": (B, h, w, 1) 0..1}."""
        return self.networks["flow"]({name: inputs[name] for name in ("source_image", "source_pose", "target_pose")})

    def generate(self, inputs, training=False):
        """Images (B, H, W, 3) in [-1, 1] of the source people in the target poses.

        In the stage of the flow, where nothing renders, it is the source picture, warped by the finest flow.
        """
        fields = self.fields(inputs)
        if "generator" not in self.networks:
            return ops.clip(self.warped(inputs["source_image"], fields), -1.0, 1.0)
        return self.rendered(inputs, fields)

    def rendered(self, inputs, fields):
        """What the renderer makes of flow fields and masks: images (B, H, W, 3) in [-1, 1]."""
        return self.networks["generator"](_taken(inputs) | fields)

    def warped(self, image, fields):
        """A picture (B, H, W, 3), read where the finest flow points."""
        layer = self.layers[-1]
        flow = ops.image.resize(fields[f"flow{layer}"], self.size, "bilinear", data_format="channels_last")
        return block_extractor(image, 2**layer * flow, 1)

    # Losses ----------------------------------------------------------------------------------------------------

    def flow_loss(self, batches, training=True):
        """Sampling correctness and affine regularisation of the flow fields."""
        (inputs,) = batches
        terms = self.flow_terms(inputs, self.fields(inputs))
        return sum(terms.values()), terms

    def flow_terms(self, inputs, fields, target_maps=None):
        """The terms that make flow fields, weights included; a weight of 0 leaves its term out."""
        terms = {}
        if self.lambda_correct:
            source = self._maps(inputs["source_image"], [_correctness_map(layer) for layer in self.layers])
            target = target_maps or self._maps(inputs["target_image"], list(source))
            found = [
                sampling_correctness(target[name], source[name], fields[f"flow{layer}"])
                for layer, name in ((layer, _correctness_map(layer)) for layer in self.layers)
            ]
            terms["correctness"] = self.lambda_correct * sum(found)
        if self.lambda_regularization:
            found = [affine_regularisation(fields[f"flow{layer}"], self.kernels[layer]) for layer in self.layers]
            terms["regularization"] = self.lambda_regularization * sum(found)
        return terms

    def generator_loss(self, batches, training=True):
        """All terms of flow estimator and renderer."""
        (inputs,) = batches
        config, target = self.config, inputs["target_image"]
        fields = self.fields(inputs)
        generated = self.rendered(inputs, fields)
        wanted = self._feature_names()
        target_maps = {name: ops.stop_gradient(value) for name, value in self._maps(target, wanted).items()}
        terms = {"app": config.lambda_rec * mean_absolute(generated, target)} if config.lambda_rec else {}
        terms |= self.flow_terms(inputs, fields, target_maps)
        if config.lambda_g:
            logits = self.networks["discriminator"](generated, training=training)
            adversarial = hinge.generator if config.gan_mode == "hinge" else least_squares.real_loss
            terms["ad"] = config.lambda_g * adversarial(logits)
        maps = self._maps(generated, [name for name in wanted if name in (*CONTENT, *STYLE)])
        compared = (("style", STYLE, style_loss, config.lambda_style),)
        compared += (("content", CONTENT, content_loss, config.lambda_content),)
        for term, names, loss, weight in compared:
            if weight:
                terms[term] = weight * loss(*([found[name] for name in names] for found in (maps, target_maps)))
        return sum(terms.values()), terms

    def discriminator_loss(self, batches, training=True):
        """Target pictures are real, generated ones are not."""
        (inputs,) = batches
        network = self.networks["discriminator"]
        generated = ops.stop_gradient(self.generate(inputs))
        # One after the other: each pass moves the spectral vectors.
        real, fake = (network(image, training=training) for image in (inputs["target_image"], generated))
        if self.config.gan_mode == "hinge":
            terms = {"true": hinge.discriminator_real(real), "fake": hinge.discriminator_fake(fake)}
        else:
            terms = {"true": least_squares.real_loss(real), "fake": least_squares.fake_loss(fake)}
        terms = {name: 0.5 * value for name, value in terms.items()}
        return sum(terms.values()), terms

    def _maps(self, image, names):
        """Maps of VGG19: {name: (B, h, w, C)}; nothing where no loss looks at them."""
        return self.features(image, names) if names else {}

    # Pictures and files ----------------------------------------------------------------------------------------

    def visuals(self, inputs):
        """The warped source, and of each layer the flow field and the mask; in the full stage, also the attention.

        Attention is shown as the weights of every patch, and as the source picture, read where each of them looks.
        """
        fields = self.fields(inputs)
        pictures = {"warped source": self.warped(inputs["source_image"], fields)}
        weights = self.attention(inputs, fields)
        for layer in self.layers:
            flow, mask = fields[f"flow{layer}"], fields[f"mask{layer}"]
            size = f"{flow.shape[1]}x{flow.shape[2]}"
            pictures |= {f"flow {size}": flow_picture(flow), f"mask {size}": grey_picture(mask, 0.0, 1.0)}
            if layer in weights:
                pictures[f"attention {size}"] = attention_picture(weights[layer])
                pictures[f"attended {size}"] = attended_picture(inputs["source_image"], flow, weights[layer])
        return pictures

    def attention(self, inputs, fields):
        """Weights of the samples of every patch: {layer: (B, h, w, k * k)}; empty where nothing renders."""
        if "generator" not in self.networks:
            return {}
        renderer = self.networks["generator"]
        seen = attention_inputs(renderer)(_taken(inputs) | fields)
        # Of the attended layers, the coarsest comes first on both sides.
        return {
            layer: renderer.get_layer(name).coefficients(*seen[name])
            for layer, name in zip(self.layers, seen, strict=True)
        }

    def pose_pictures(self, keypoints):
        """Skeletons (B, H, W, 3) uint8 of poses."""
        return np.stack([draw_skeleton(pose, self.size)[0] for pose in keypoints])

    def foreign(self, file, kind):
        """Where the tensors of a published state file belong; there are none of TensorFlow."""
        return torch_table(self.networks, file) if kind == "torch" else None


def _taken(inputs):
    return {name: inputs[name] for name in ("source_image", "target_pose")}


def _correctness_map(layer):
    return f"relu{layer + 1}_1"

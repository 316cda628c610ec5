"""Both training stages of GFLA in plain PyTorch, built like `model/{poseflownet,pose}_model.py` of the original."""

import torch
from torch import nn
from torch.nn import functional

from benchmarks.plain_torch import gfla
from benchmarks.plain_torch.gfla_ops import affine_regularisation, gram, sampling_correctness

# Convolutions in each block of VGG19, and their channels.
BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))
CONTENT = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
STYLE = ("relu2_2", "relu3_4", "relu4_4", "relu5_2")
CORRECT = {2: "relu3_1", 3: "relu4_1"}


class Vgg19(nn.Module):
    """{name: map} of VGG19 up to the layer `last`, with random weights, nothing trained."""

    def __init__(self):
        super().__init__()
        names, convolutions, channels = [], [], 3
        for block, (count, out) in enumerate(BLOCKS, 1):
            for number in range(1, count + 1):
                names.append(f"relu{block}_{number}")
                convolutions.append(nn.Conv2d(channels, out, 3, padding=1))
                channels = out
        self.names, self.convolutions = names, nn.ModuleList(convolutions)
        self.requires_grad_(False)

    def forward(self, x, last="relu5_2"):
        maps = {}
        for name, convolution in zip(self.names, self.convolutions, strict=True):
            if name.endswith("_1") and name != "relu1_1":
                x = functional.max_pool2d(x, 2)
            x = maps[name] = functional.relu(convolution(x))
            if name == last:
                return maps


class FlowTraining:
    """The first stage: the flow net alone.

    Args:
        kernels: {attention layer: size of its neighbourhood}.
    """

    weights = (20.0, 0.01)

    def __init__(self, kernels):
        self.kernels = {layer: kernels[layer] for layer in sorted(kernels, reverse=True)}
        self.vgg, self.generator = Vgg19(), self.network()
        self.optimizer = torch.optim.Adam(self.generator.parameters(), 1e-4, (0.0, 0.999))

    def network(self):
        return gfla.FlowNet(tuple(self.kernels))

    def step(self, source, target, source_pose, target_pose):
        """One iteration on a batch; returns {name of a term: float}."""
        flows, _ = self.generator(torch.cat((source, source_pose, target_pose), 1))
        terms = self.flow_terms(flows, self._features(source), self._features(target))
        self.minimise(self.optimizer, terms)
        return {name: term.item() for name, term in terms.items()}

    def flow_terms(self, flows, source, target):
        """Both losses of the flows, from maps of VGG19 of both pictures."""
        correctness, regularisation = 0, 0
        for (layer, kernel), flow in zip(self.kernels.items(), flows, strict=True):
            name = CORRECT[layer]
            correctness = correctness + sampling_correctness(target[name], source[name], flow)
            regularisation = regularisation + affine_regularisation(flow, kernel)
        return {"correctness": self.weights[0] * correctness, "regularization": self.weights[1] * regularisation}

    def minimise(self, optimizer, terms):
        optimizer.zero_grad()
        sum(terms.values()).backward()
        optimizer.step()

    def _features(self, picture):
        with torch.no_grad():
            return self.vgg(picture, CORRECT[max(self.kernels)])


class FullTraining(FlowTraining):
    """The second stage: everything.

    Args:
        kernels: {attention layer: size of its neighbourhood}.
        blocks: of the discriminator.
    """

    weights = (5.0, 0.0025)

    def __init__(self, kernels, blocks):
        super().__init__(kernels)
        self.discriminator = gfla.Discriminator(blocks)
        self.discriminator_optimizer = torch.optim.Adam(self.discriminator.parameters(), 1e-5, (0.0, 0.999))

    def network(self):
        return gfla.Generator(self.kernels)

    def step(self, source, target, source_pose, target_pose):
        picture, flows, _ = self.generator(source, source_pose, target_pose)

        real, fake = self.discriminator(target), self.discriminator(picture.detach())
        loss = ((real - 1).square().mean() + fake.square().mean()) / 2
        self.minimise(self.discriminator_optimizer, {"dis_img_gen": loss})

        self.discriminator.requires_grad_(False)
        with torch.no_grad():
            wanted = self.vgg(target)
        seen = self.vgg(picture)
        style = sum(functional.l1_loss(gram(seen[name]), gram(wanted[name])) for name in STYLE)
        content = sum(functional.l1_loss(seen[name], wanted[name]) for name in CONTENT)
        terms = self.flow_terms(flows, self._features(source), wanted) | {
            "app_gen": 5 * functional.l1_loss(picture, target),
            "ad_gen": 2 * (self.discriminator(picture) - 1).square().mean(),
            "style_gen": 500 * style,
            "content_gen": 0.5 * content,
        }
        self.minimise(self.optimizer, terms)
        self.discriminator.requires_grad_(True)
        return {name: term.item() for name, term in (terms | {"dis_img_gen": loss}).items()}

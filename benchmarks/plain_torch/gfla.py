"""The networks of GFLA in plain PyTorch, built like `model/networks` of RenYurui/Global-Flow-Local-Attention.

Names of modules are those of its checkpoints.
"""

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import spectral_norm

from benchmarks.plain_torch.gfla_ops import block_extractor, local_attn_reshape

FLOW = (32, 64, 128, 256, 256)
RENDER = (64, 128, 256)


def before(channels):
    """What stands before every convolution of the generator."""
    return nn.InstanceNorm2d(channels, affine=True), nn.LeakyReLU(0.1)


def up(channels, out):
    """A transposed convolution to twice the size."""
    return nn.ConvTranspose2d(channels, out, 3, 2, 1, 1)


class Encoder(nn.Module):
    """Half the size."""

    def __init__(self, channels, out):
        super().__init__()
        first, second = nn.Conv2d(channels, out, 4, 2, 1), nn.Conv2d(out, out, 3, 1, 1)
        self.model = nn.Sequential(*before(channels), first, *before(out), second)

    def forward(self, x):
        return self.model(x)


class Residual(nn.Module):
    """x + two convolutions of it."""

    def __init__(self, channels):
        super().__init__()
        first, second = (nn.Conv2d(channels, channels, 3, 1, 1) for _ in range(2))
        self.model = nn.Sequential(*before(channels), first, *before(channels), second)

    def forward(self, x):
        return x + self.model(x)


class Residuals(nn.Module):
    """The residual block of a decoder of the renderer."""

    def __init__(self, channels):
        super().__init__()
        self.model = nn.Sequential(Residual(channels))

    def forward(self, x):
        return self.model(x)


class Up(nn.Module):
    """Twice the size, with an up-convolution as the short cut."""

    def __init__(self, channels, out, hidden):
        super().__init__()
        first = nn.Conv2d(channels, hidden, 3, 1, 1)
        self.model = nn.Sequential(*before(channels), first, *before(hidden), up(hidden, out))
        self.shortcut = nn.Sequential(up(channels, out))

    def forward(self, x):
        return self.model(x) + self.shortcut(x)


class Jump(nn.Module):
    """A convolution with reflection padding."""

    def __init__(self, channels, out):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3)

    def forward(self, x):
        return self.conv1(functional.pad(functional.leaky_relu(x, 0.1), (1, 1, 1, 1), "reflect"))


class FlowNet(nn.Module):
    """(B, 39, H, W) -> flows (B, 2, h, w) and masks (B, 1, h, w), coarse to fine."""

    def __init__(self, layers):
        super().__init__()
        self.decoders, self.layers = len(FLOW) - min(layers), layers
        self.block0 = Encoder(39, FLOW[0])
        for i, (channels, out) in enumerate(zip(FLOW, FLOW[1:], strict=False)):
            setattr(self, f"encoder{i}", Encoder(channels, out))
        channels = FLOW[-1]
        for i in range(self.decoders):
            out = FLOW[3 - i]
            setattr(self, f"decoder{i}", Up(channels, out, out))
            setattr(self, f"jump{i}", Jump(out, out))
            if 4 - i in layers:
                setattr(self, f"output{i}", nn.Conv2d(out, 2, 3, 1, 1))
                setattr(self, f"mask{i}", nn.Sequential(nn.Conv2d(out, 1, 3, 1, 1), nn.Sigmoid()))
            channels = out

    def forward(self, x):
        maps = [self.block0(x)]
        for i in range(len(FLOW) - 1):
            maps.append(getattr(self, f"encoder{i}")(maps[-1]))
        x, flows, masks = maps[-1], [], []
        for i in range(self.decoders):
            x = getattr(self, f"decoder{i}")(x) + getattr(self, f"jump{i}")(maps[3 - i])
            if 4 - i in self.layers:
                flows.append(getattr(self, f"output{i}")(x))
                masks.append(getattr(self, f"mask{i}")(x))
        return flows, masks


class Attention(nn.Module):
    """Local attention over a neighbourhood of where the flow points."""

    def __init__(self, channels, kernel):
        super().__init__()
        self.kernel = kernel
        mix = nn.Conv2d(2 * channels, 128, kernel, kernel), nn.LeakyReLU(0.1)
        self.fully_connect_layer = nn.Sequential(*mix, nn.Conv2d(128, kernel**2, 1), nn.Softmax(1))

    def forward(self, source, target, flow):
        samples = block_extractor(source, flow, self.kernel)
        targets = block_extractor(target, torch.zeros_like(flow), self.kernel)
        weights = local_attn_reshape(self.fully_connect_layer(torch.cat((targets, samples), 1)), self.kernel)
        return functional.avg_pool2d(weights * samples, self.kernel, self.kernel)


class Encoders(nn.Module):
    """Maps of half, a quarter and an eighth of the size."""

    def __init__(self, channels):
        super().__init__()
        self.block0 = Encoder(channels, RENDER[0])
        self.encoder0, self.encoder1 = (Encoder(*pair) for pair in zip(RENDER, RENDER[1:], strict=False))

    def forward(self, x):
        maps = [self.block0(x)]
        maps.append(self.encoder0(maps[-1]))
        return [*maps, self.encoder1(maps[-1])]


class Target(Encoders):
    """The encoder of the pose, and the decoder, which attends to maps of the source picture."""

    def __init__(self, kernels):
        super().__init__(18)
        self.kernels = kernels
        for i, channels in enumerate(reversed(RENDER)):
            if 3 - i in kernels:
                setattr(self, f"attn{i}", Attention(channels, kernels[3 - i]))
            out = RENDER[max(1 - i, 0)]
            setattr(self, f"decoder{i}", nn.Sequential(Residuals(channels), Up(channels, out, channels)))
        self.outconv = Jump(RENDER[0], 3)

    def forward(self, pose, maps, flows, masks):
        x, fields = super().forward(pose)[-1], zip(flows, masks, strict=True)
        for i in range(3):
            if 3 - i in self.kernels:
                flow, mask = next(fields)
                x = x * (1 - mask) + getattr(self, f"attn{i}")(maps[2 - i], x, flow) * mask
            x = getattr(self, f"decoder{i}")(x)
        return torch.tanh(self.outconv(x))


class Generator(nn.Module):
    """(source (B, 3, H, W), both poses (B, 18, H, W)) -> picture (B, 3, H, W), flows, masks.

    Args:
        kernels: {attention layer: size of its neighbourhood}.
    """

    def __init__(self, kernels):
        super().__init__()
        self.source, self.target, self.flow_net = Encoders(3), Target(kernels), FlowNet(tuple(kernels))

    def forward(self, source, source_pose, target_pose):
        flows, masks = self.flow_net(torch.cat((source, source_pose, target_pose), 1))
        return self.target(target_pose, self.source(source), flows, masks), flows, masks


class DiscriminatorBlock(nn.Module):
    """Half the size, with a pooled short cut."""

    def __init__(self, channels, out, hidden):
        super().__init__()
        first, second = nn.Conv2d(channels, hidden, 3, 1, 1), nn.Conv2d(hidden, out, 4, 2, 1)
        self.model = nn.Sequential(nn.LeakyReLU(0.1), spectral_norm(first), nn.LeakyReLU(0.1), spectral_norm(second))
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), spectral_norm(nn.Conv2d(channels, out, 1)))

    def forward(self, x):
        return self.model(x) + self.shortcut(x)


class Discriminator(nn.Module):
    """(B, 3, H, W) -> logits (B, 1, h, w)."""

    def __init__(self, blocks):
        super().__init__()
        widths = [min(32 * 2**i, 128) for i in range(blocks)]
        self.blocks = ["block0", *(f"encoder{i}" for i in range(blocks - 1))]
        for name, channels, out in zip(self.blocks, [3, *widths], widths, strict=False):
            setattr(self, name, DiscriminatorBlock(channels, out, max(channels, 32)))
        self.conv = spectral_norm(nn.Conv2d(widths[-1], 1, 1))

    def forward(self, x):
        for name in self.blocks:
            x = getattr(self, name)(x)
        return self.conv(functional.leaky_relu(x, 0.1))

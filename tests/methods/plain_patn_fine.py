"""The generator of PATN_Fine in PyTorch's modules, whose nesting makes the names of the published state file."""

import numpy as np
import torch
from torch import nn

from tests.layers.plain_boxes import by_torch, plain_transfer


def convolution(inputs, outputs, kernel, **options):
    return nn.Conv2d(inputs, outputs, kernel, bias=False, **options)


def twice(inputs, outputs, dropout, closing=True):
    """Two mirrored 3x3 convolutions, the second to `outputs`."""
    parts = [nn.ReflectionPad2d(1), convolution(inputs, inputs, 3), nn.BatchNorm2d(inputs), nn.ReLU()]
    parts += [nn.Dropout(0.5)] * dropout
    parts += [nn.ReflectionPad2d(1), convolution(inputs, outputs, 3)]
    return nn.Sequential(*parts, *[nn.BatchNorm2d(outputs)] * closing)


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv_block = twice(width, width, dropout=False)

    def forward(self, x):
        return x + self.conv_block(x)


class Transfer(nn.Module):
    def __init__(self, width, first, dropout):
        super().__init__()
        self.conv_block_stream1 = twice(width, width, dropout)
        self.conv_block_stream2 = twice(width if first else 2 * width, width, dropout, closing=False)

    def forward(self, x1, x2):
        z = self.conv_block_stream2(x2)
        x1 = x1 + self.conv_block_stream1(x1) * torch.sigmoid(z)
        return x1, torch.cat([z, x1], 1)


class Fine(nn.Module):
    """Three levels of ngf, 2 ngf and 4 ngf channels."""

    def __init__(self, ngf, blocks, dropout):
        super().__init__()

        def start(inputs):
            return [nn.ReflectionPad2d(3), convolution(inputs, ngf, 7), nn.BatchNorm2d(ngf), nn.ReLU()]

        def half(width):
            halved = convolution(width, 2 * width, 3, stride=2, padding=1)
            return [halved, nn.BatchNorm2d(2 * width), nn.ReLU()]

        def level(width, *end):
            return nn.Sequential(*(Residual(width) for _ in range(3)), nn.ReLU(), *end)

        def double(width, outputs):
            up = nn.ConvTranspose2d(width, outputs, 3, stride=2, padding=1, output_padding=1, bias=False)
            return up, nn.BatchNorm2d(outputs), nn.ReLU()

        lists = start(3), half(ngf), half(2 * ngf)
        self.stream1_down = nn.Sequential(*(nn.Sequential(*parts) for parts in lists))
        self.stream2_down = nn.Sequential(*start(36), *half(ngf), *half(2 * ngf))
        self.att = nn.ModuleList(Transfer(4 * ngf, number == 0, dropout) for number in range(blocks))
        same = convolution(2 * ngf, ngf, 3, padding=1), nn.BatchNorm2d(ngf), nn.ReLU()
        picture = nn.ReflectionPad2d(3), nn.Conv2d(ngf, 3, 7), nn.Tanh()
        self.stream1_up = nn.Sequential(
            level(8 * ngf, *double(8 * ngf, 2 * ngf)), level(4 * ngf, *double(4 * ngf, ngf)),
            level(2 * ngf, *same, *picture),
        )  # fmt: skip

    def forward(self, image, poses, source, target):
        """Maps (B, C, H, W) of tensors; boxes (B, 7, 4) of arrays."""
        kept, x1 = [], image
        for module in self.stream1_down:
            x1 = module(x1)
            kept.append(x1)
        x2 = self.stream2_down(poses)
        for module in self.att:
            x1, x2 = module(x1, x2)
        for module, maps, stride in zip(self.stream1_up, kept[::-1], (4, 2, 1), strict=True):
            moved = plain_transfer(maps.movedim(1, -1).numpy(), source, target, stride, by_torch)
            x1 = module(torch.cat([x1, torch.from_numpy(moved).movedim(-1, 1)], 1))
        return x1


def state_of(network):
    """Arrays under the names of the state file, in which the network is the `model` of another one."""
    return {f"model.{name}": tensor.numpy() for name, tensor in network.state_dict().items()}


def random_network(ngf, blocks, seed):
    """A `Fine` that generates (its dropout is off), with random numbers everywhere, in the running statistics too."""
    torch.manual_seed(seed)
    network = Fine(ngf, blocks, dropout=True).eval()
    for name, tensor in network.state_dict().items():
        if name.endswith(("running_mean", "bias")):
            tensor.normal_(0, 0.3)
        elif tensor.ndim == 1:
            tensor.uniform_(0.5, 1.5)
    return network


def generate(network, inputs):
    """Images (B, H, W, 3) for the inputs of our generator, as arrays."""

    def first(name):
        return torch.from_numpy(np.moveaxis(inputs[name], -1, 1).copy())

    poses = torch.cat([first("source_pose"), first("target_pose")], 1)
    with torch.no_grad():
        image = network(first("source_image"), poses, inputs["source_boxes"], inputs["target_boxes"])
    return image.movedim(1, -1).numpy()

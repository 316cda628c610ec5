"""ResNet-50 of few weights in PyTorch's functions: a state under torchvision's names, and its features."""

import torch

BLOCKS, WIDTH = (1, 2, 1, 1), 4
FEATURES = 4 * WIDTH * 2 ** (len(BLOCKS) - 1)


def shrink(patch, module):
    """Give a module's network these few weights."""
    patch.setattr(module, "_BLOCKS", BLOCKS)
    patch.setattr(module, "_WIDTH", WIDTH)


def normalised(name, width):
    """Random tensors of a batch normalisation."""
    weight, variance = 0.5 + torch.rand(2, width)
    bias, mean = torch.randn(2, width)
    values = {"weight": weight, "running_var": variance, "bias": bias, "running_mean": mean}
    tensors = {f"{name}.{part}": value for part, value in values.items()}
    return tensors | {f"{name}.num_batches_tracked": torch.tensor(3)}


def trunk_state(start):
    """Random tensors of the trunk whose names begin with `start`."""
    tensors = {}

    def convolution(name, norm, inputs, outputs, size):
        tensors[f"{start}{name}.weight"] = torch.randn(outputs, inputs, size, size) / (inputs * size**2) ** 0.5
        tensors.update(normalised(f"{start}{norm}", outputs))

    convolution("conv1", "bn1", 3, WIDTH, 7)
    depth = WIDTH
    for stage, blocks in enumerate(BLOCKS):
        width = WIDTH * 2**stage
        for block in range(blocks):
            name = f"layer{stage + 1}.{block}"
            convolution(f"{name}.conv1", f"{name}.bn1", depth, width, 1)
            convolution(f"{name}.conv2", f"{name}.bn2", width, width, 3)
            convolution(f"{name}.conv3", f"{name}.bn3", width, 4 * width, 1)
            if block == 0:
                convolution(f"{name}.downsample.0", f"{name}.downsample.1", depth, 4 * width, 1)
            depth = 4 * width
    return tensors


def features(state, start, image):
    """Pooled features (N, FEATURES) of images (N, H, W, 3), already scaled: the forward pass of torchvision."""
    functional = torch.nn.functional

    def conv(x, name, norm_name, **options):
        return norm(state, functional.conv2d(x, state[f"{start}{name}.weight"], **options), f"{start}{norm_name}")

    x = torch.from_numpy(image.transpose(0, 3, 1, 2)).float()
    x = functional.max_pool2d(conv(x, "conv1", "bn1", stride=2, padding=3).relu(), 3, 2, 1)
    for stage, blocks in enumerate(BLOCKS):
        for block in range(blocks):
            name, stride = f"layer{stage + 1}.{block}", 2 if stage and block == 0 else 1
            y = conv(x, f"{name}.conv1", f"{name}.bn1").relu()
            y = conv(y, f"{name}.conv2", f"{name}.bn2", stride=stride, padding=1).relu()
            y = conv(y, f"{name}.conv3", f"{name}.bn3")
            if block == 0:
                x = conv(x, f"{name}.downsample.0", f"{name}.downsample.1", stride=stride)
            x = (x + y).relu()
    return x.mean((2, 3))


def norm(state, x, name):
    """A batch normalisation of the state, as in evaluation."""
    parts = [state[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
    return torch.nn.functional.batch_norm(x, *parts)

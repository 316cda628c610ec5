"""PATN in plain PyTorch, built like `models/model_variants.py` and `models/PATN.py` of tengteng95/Pose-Transfer."""

import random

import torch
from torch import nn
from torch.nn import functional


def norm(kind, channels):
    """`"batch"`: with learned gain and offset; `"instance"`: without."""
    return nn.BatchNorm2d(channels) if kind == "batch" else nn.InstanceNorm2d(channels)


def down(kind, channels, width=64):
    """A 7x7 convolution and two of stride 2, to four times `width` channels."""
    bias = kind != "batch"
    modules = [nn.ReflectionPad2d(3), nn.Conv2d(channels, width, 7, bias=bias), norm(kind, width), nn.ReLU(True)]
    for level in (1, 2):
        wide = width * 2**level
        modules += [nn.Conv2d(wide // 2, wide, 3, 2, 1, bias=bias), norm(kind, wide), nn.ReLU(True)]
    return modules


def double(kind, channels, out, dropout, last_norm=True):
    """Two 3x3 convolutions with reflection padding."""
    bias = kind != "batch"
    modules = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=bias), norm(kind, channels), nn.ReLU(True)]
    modules += [nn.Dropout(dropout), nn.ReflectionPad2d(1), nn.Conv2d(channels, out, 3, bias=bias)]
    return nn.Sequential(*modules, *([norm(kind, out)] if last_norm else []))


class TransferBlock(nn.Module):
    """A pose-attentional transfer block; `first`: the pose stream has no picture stream joined to it yet."""

    def __init__(self, kind, channels, first, dropout):
        super().__init__()
        self.conv_block_stream1 = double(kind, channels, channels, dropout)
        self.conv_block_stream2 = double(kind, channels * (1 if first else 2), channels, dropout, last_norm=False)

    def forward(self, x1, x2):
        z = self.conv_block_stream2(x2)
        x1 = x1 + self.conv_block_stream1(x1) * torch.sigmoid(z)
        return x1, torch.cat((z, x1), 1)


class Generator(nn.Module):
    """(P1 (B, 3, H, W), both poses (B, 36, H, W)) -> picture (B, 3, H, W)."""

    def __init__(self, kind, blocks=9, width=64, dropout=0.5):
        super().__init__()
        bias = kind != "batch"
        self.stream1_down = nn.Sequential(*down(kind, 3, width))
        self.stream2_down = nn.Sequential(*down(kind, 36, width))
        self.att = nn.ModuleList(TransferBlock(kind, 4 * width, i == 0, dropout) for i in range(blocks))
        up = []
        for wide in (4 * width, 2 * width):
            up += [nn.ConvTranspose2d(wide, wide // 2, 3, 2, 1, 1, bias=bias), norm(kind, wide // 2), nn.ReLU(True)]
        self.stream1_up = nn.Sequential(*up, nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())

    def forward(self, picture, poses):
        x1, x2 = self.stream1_down(picture), self.stream2_down(poses)
        for block in self.att:
            x1, x2 = block(x1, x2)
        return self.stream1_up(x1)


class Residual(nn.Module):
    """x + two convolutions of it."""

    def __init__(self, kind, channels, dropout):
        super().__init__()
        self.conv_block = double(kind, channels, channels, dropout)

    def forward(self, x):
        return x + self.conv_block(x)


def discriminator(kind, channels, sigmoid, width=64, blocks=3, dropout=0.5):
    """Pictures with their condition (B, channels, H, W) -> map (B, 4 * width, H/4, W/4)."""
    residuals = [Residual(kind, 4 * width, dropout) for _ in range(blocks)]
    return nn.Sequential(*down(kind, channels, width), *residuals, *([nn.Sigmoid()] if sigmoid else []))


def perceptual():
    """The first four modules of VGG19, with random weights, nothing trained."""
    first, second = nn.Conv2d(3, 64, 3, padding=1), nn.Conv2d(64, 64, 3, padding=1)
    return nn.Sequential(first, nn.ReLU(True), second, nn.ReLU(True)).requires_grad_(False)


class Pool:
    """Earlier generated pictures."""

    def __init__(self, size):
        self.size, self.pictures = size, []

    def query(self, pictures):
        if not self.size:
            return pictures
        answer = []
        for picture in pictures:
            if len(self.pictures) < self.size:
                self.pictures.append(picture)
            elif random.random() > 0.5:
                place = random.randrange(self.size)
                picture, self.pictures[place] = self.pictures[place], picture
            answer.append(picture)
        return torch.stack(answer)


class Training:
    """Networks and optimizers, and one iteration: generator, appearance discriminator, pose discriminator.

    Args:
        kind: `"batch"` or `"instance"`.
        bce: cross-entropy of a sigmoid; otherwise least squares.
        weights: of the adversarial, the L1 and the perceptual term.
        pool_size: pictures in each pool.
        dropout: rate.
    """

    def __init__(self, kind, bce, weights, pool_size, dropout=0.5):
        self.bce, self.weights = bce, weights
        self.generator, self.perceptual = Generator(kind, dropout=dropout), perceptual()
        self.pb, self.pp = (discriminator(kind, 3 + extra, bce, dropout=dropout) for extra in (18, 3))
        self.pools = {name: Pool(pool_size) for name in ("pb", "pp")}
        self.optimizers = {
            name: torch.optim.Adam(getattr(self, name).parameters(), 2e-4, (0.5, 0.999))
            for name in ("generator", "pp", "pb")
        }
        mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        self.mean, self.std = (torch.tensor(value)[:, None, None] for value in (mean, std))

    def step(self, source, target, source_pose, target_pose):
        """One iteration on a batch; returns {name of a term: float}, named as in the original's log."""
        gan_weight, l1_weight, perceptual_weight = self.weights
        conditions = {"pb": target_pose, "pp": source}
        fake = self.generator(source, torch.cat((source_pose, target_pose), 1))

        self._freeze(True)
        of_fake = {name: self._criterion(name, torch.cat((fake, conditions[name]), 1), True) for name in conditions}
        gan = gan_weight * sum(of_fake.values()) / 2
        l1 = l1_weight * functional.l1_loss(fake, target)
        with torch.no_grad():
            wanted = self._features(target)
        seen = perceptual_weight * functional.l1_loss(self._features(fake), wanted)
        self._minimise("generator", gan + l1 + seen)
        self._freeze(False)

        terms = {"pair_L1loss": l1 + seen, "pair_GANloss": gan, "origin_L1": l1, "perceptual": seen}
        for name in ("pp", "pb"):
            old = self.pools[name].query(torch.cat((fake, conditions[name]), 1).detach())
            real = torch.cat((target, conditions[name]), 1)
            loss = gan_weight * (self._criterion(name, real, True) + self._criterion(name, old, False)) / 2
            self._minimise(name, loss)
            terms[f"D_{name.upper()}"] = loss
        return {name: term.item() for name, term in terms.items()}

    def _criterion(self, name, pictures, real):
        scores = getattr(self, name)(pictures)
        wanted = torch.full_like(scores, float(real))
        return (functional.binary_cross_entropy if self.bce else functional.mse_loss)(scores, wanted)

    def _features(self, pictures):
        return self.perceptual(((pictures + 1) / 2 - self.mean) / self.std)

    def _freeze(self, frozen):
        for network in (self.pb, self.pp):
            network.requires_grad_(not frozen)

    def _minimise(self, name, loss):
        self.optimizers[name].zero_grad()
        loss.backward()
        self.optimizers[name].step()

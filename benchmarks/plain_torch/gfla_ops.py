"""The operators and losses of GFLA in plain PyTorch: samples and matrices at full size, as the original has them."""

import torch
from torch.nn import functional


def pixels(flow):
    """Column and row of every pixel, (2, H, W), like `flow` (B, 2, H, W)."""
    rows, columns = torch.meshgrid(*(torch.arange(n, dtype=flow.dtype) for n in flow.shape[2:]), indexing="ij")
    return torch.stack((columns, rows))


def block_extractor(source, flow, kernel):
    """(B, C, h, w), (B, 2, H, W) -> (B, C, kH, kW): the kernel x kernel neighbourhood of where each flow points."""
    offsets = torch.arange(kernel, dtype=flow.dtype) - kernel // 2
    around = torch.stack(torch.meshgrid(offsets, offsets, indexing="ij")[::-1])
    height, width = flow.shape[2:]
    places = (pixels(flow) + flow).repeat_interleave(kernel, 2).repeat_interleave(kernel, 3)
    places = places + around.repeat(1, height, width)
    scale = torch.tensor([2 / max(size - 1, 1) for size in (source.shape[3], source.shape[2])], dtype=flow.dtype)
    grid = places.permute(0, 2, 3, 1) * scale - 1
    return functional.grid_sample(source, grid, padding_mode="border", align_corners=True)


def local_attn_reshape(x, kernel):
    """(B, k*k, H, W) -> (B, 1, kH, kW)."""
    return functional.pixel_shuffle(x, kernel)


def resample(source, flow, taps=4, sigma=2.0):
    """(B, C, H, W) read with a Gaussian window of taps x taps pixels where `flow` (B, 2, H, W) points."""
    batch, channels, height, width = source.shape
    place = pixels(flow) + flow
    corner = place.floor()
    share = place - corner
    values = source.flatten(2)
    total, weights = 0, 0
    for row in range(1 - taps // 2, taps // 2 + 1):
        for column in range(1 - taps // 2, taps // 2 + 1):
            weight = ((column - share[:, 0]) ** 2 + (row - share[:, 1]) ** 2).div(-2 * sigma**2).exp()
            x = (corner[:, 0].long() + column).clamp(0, width - 1)
            y = (corner[:, 1].long() + row).clamp(0, height - 1)
            index = (y * width + x).view(batch, 1, -1).expand(-1, channels, -1)
            total = total + values.gather(2, index).view(source.shape) * weight[:, None]
            weights = weights + weight[:, None]
    return total / weights


def sampling_correctness(target, source, flow, epsilon=1e-8):
    """How well `source`, read along `flow`, matches `target`, both (B, C, H, W), against the best match anywhere."""
    with torch.no_grad():
        ours, theirs = (x.flatten(2) / (x.flatten(2).norm(dim=1, keepdim=True) + epsilon) for x in (target, source))
        best = torch.bmm(ours.transpose(1, 2), theirs).max(dim=2).values
    found = functional.cosine_similarity(resample(source, flow).flatten(2), target.flatten(2), dim=1)
    return (-found / (best + epsilon)).exp().mean() - torch.exp(torch.tensor(-1.0))


def affine_regularisation(flow, kernel):
    """Squared residual of the best affine fit to every window of the flow (B, 2, H, W), summed over x and y."""
    rows, columns = torch.meshgrid(*2 * [torch.arange(kernel, dtype=torch.float64)], indexing="ij")
    basis = torch.stack((rows.flatten(), columns.flatten(), torch.ones(kernel**2)), 1)
    residual = torch.eye(kernel**2) - basis @ torch.linalg.inv(basis.T @ basis) @ basis.T
    windows = functional.unfold(flow.flatten(0, 1)[:, None], kernel)
    return 2 * (windows * (residual.to(flow.dtype) @ windows)).sum(1).mean()


def gram(x):
    """(B, C, H, W) -> (B, C, C)."""
    flat = x.flatten(2)
    return torch.bmm(flat, flat.transpose(1, 2)) / flat[0].numel()

"""Features of all pictures of a folder, as a file for `python -m pgig reid`."""

from pathlib import Path

import numpy as np

from pgig.data.images import list_images
from pgig.errors import DataError, OptionsError, StorageError
from pgig.evaluate.features import FeatureCache
from pgig.metrics.reid_features import write_features
from pgig.pretrained.catalogue import find
from pgig.pretrained.pooled_alexnet import PooledAlexNet
from pgig.pretrained.resnet50_reid import ReidNetwork
from pgig.reid.files import TrainedFeatures
from pgig.reid.pictures import read_resized
from pgig.utils.files import require_folder
from pgig.utils.progress import progress_bar
from pgig.utils.words import counted
from pgig.weights.foreign import kind_of

# (height, width) to which pictures are resized: that of PN-GAN; AlexNet sees small pictures better as they are.
_SIZES = {"resnet50": (256, 128), "alexnet": (128, 64)}


def run(folder, output, network=None, weights=None, scaling=None, size=None, batch_size=32, cache=None):
    """Compute the features of a folder's pictures and write them.

    Args:
        folder: its pictures are taken in the order of their names.
        output: file to write, see `pgig.metrics.reid_features.read_features`.
        network: "resnet50", "small" or "alexnet"; None: what the weight file says, or "resnet50".
        weights: weight file; of `pgig.reid.train`, or for "resnet50" a state file of PyTorch. None, for AlexNet alone:
            where `pgig.pretrained.catalogue` finds it.
        scaling: of a state file of PyTorch, one of `pgig.pretrained.resnet50_reid.SCALINGS`; None: "imagenet".
        size: (height, width) to which pictures are resized (bilinear); None: the network's own.
        batch_size: pictures at a time.
        cache: folder in which features are kept, so that a second start computes what is missing; None: nowhere.

    Raises:
        DataError: the folder holds no pictures, or one is damaged.
        OptionsError: the weight file says otherwise of its network.
        WeightsError: the weight file is missing or not of the network.
        StorageError: the output cannot be written.
    """
    names = list_images(folder)
    if not names:
        what = "holds no pictures" if Path(folder).is_dir() else "is no folder"
        raise DataError(f"{folder} {what}: give the folder of the pictures.")
    # Before the work, not after it.
    if Path(output).is_dir():
        raise StorageError(f"{output} is a folder: give the name of a file, ending in .npz.")
    require_folder(Path(output).parent)
    extractor, own_size = _extractor(network, weights, scaling, batch_size)
    size = size or own_size

    features, kept = [], FeatureCache(cache or None)
    with progress_bar(None, "Features", "picture", len(names)) as bar:
        for start in range(0, len(names), batch_size):
            pixels = [read_resized(Path(folder) / name, size) for name in names[start : start + batch_size]]
            features.append(kept.rows(extractor, np.stack(pixels)))
            bar.update(len(pixels))
    kept.save()
    write_features(output, names, np.concatenate(features))
    size = features[0].shape[1]
    print(f"Features of {counted(len(names), 'picture')}, {size} numbers each, of {extractor.name}: {output}")


def _extractor(network, weights, scaling, batch_size):
    """The network, and the (height, width) that it is given unless another one is asked for."""
    if network == "alexnet":
        print("AlexNet was trained on ImageNet: this is no re-identification network, its scores only show the steps.")
        return PooledAlexNet(find("lpips-alex", weights), batch_size), _SIZES["alexnet"]
    if kind_of(weights) == "torch" and network != "small":
        return ReidNetwork(weights, scaling or "imagenet", batch_size), _SIZES["resnet50"]
    extractor = TrainedFeatures(weights, batch_size)
    if network not in (None, extractor.network):
        raise OptionsError(f"{weights} holds the network {extractor.network}: leave --network {network} out.")
    if scaling not in (None, extractor.scaling):
        raise OptionsError(f"{weights} was trained with --scaling {extractor.scaling}: leave --scaling {scaling} out.")
    return extractor, extractor.size

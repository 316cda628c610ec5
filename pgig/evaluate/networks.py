"""The networks that metrics look through: which there are, which weights are at hand, loaded when first used."""

import importlib
from pathlib import Path

from pgig.config import Shared
from pgig.errors import WeightsError
from pgig.evaluate.features import FeatureCache
from pgig.pretrained import catalogue

# Network -> the ways to have it, first choice first: weight files by their keys in the catalogue, and the class
# that takes their paths, after what else it wants to know.
NETWORKS = {
    "inception-2015": (
        (("inception-2015",), "pgig.pretrained.inception_2015.Inception2015", ()),
        (("inception-2015-port",), "pgig.pretrained.inception_v3.InceptionPort2015", ()),
    ),
    "inception-torchvision": (
        (("inception-torchvision",), "pgig.pretrained.inception_v3.InceptionTorchvision", ()),
    ),
    "lpips-alex": (
        (("lpips-alex",), "pgig.metrics.lpips.Lpips", ("alex",)),
        (("alexnet-torchvision", "lpips-heads-alex"), "pgig.metrics.lpips.Lpips", ("alex",)),
    ),
    "lpips-vgg": (
        (("lpips-vgg",), "pgig.metrics.lpips.Lpips", ("vgg",)),
        (("vgg16-torchvision", "lpips-heads-vgg"), "pgig.metrics.lpips.Lpips", ("vgg",)),
    ),
    "st-lpips-alex": ((("st-lpips-alex",), "pgig.metrics.st_lpips.StLpips", ("alex",)),),
    "st-lpips-vgg": ((("st-lpips-vgg",), "pgig.metrics.st_lpips.StLpips", ("vgg",)),),
    "vgg16-relu5_3": (
        (("lpips-vgg",), "pgig.metrics.lpips.Vgg16Features", ()),
        (("vgg16-torchvision",), "pgig.metrics.lpips.Vgg16Features", ()),
    ),
    "person-ssd300": ((("person-ssd300",), "pgig.pretrained.ssd300.PersonSsd300", ()),),
    "person-ssdlite": ((("person-ssdlite",), "pgig.pretrained.person_ssdlite.PersonSsdlite", ()),),
    "movenet-thunder": ((("movenet-thunder",), "pgig.pretrained.movenet.MoveNet", ()),),
    "openpose-18": ((("openpose-18",), "pgig.estimate.joints.OpenPose", ()),),
}


def stated_weights(options):
    """Paths of weight files that flags name, by their keys in the catalogue.

    Args:
        options: record with `inception_weights` and `pose_estimator`, paths or None. The default of the latter, a
            name that the original program looked for, counts only where there is such a file.
    """
    estimator = options.pose_estimator
    if estimator == Shared.pose_estimator and not Path(estimator).is_file():
        estimator = None
    return {"inception-2015": options.inception_weights, "openpose-18": estimator}


class Networks:
    """Networks by name, with a memory for what they said.

    Args:
        cache: `FeatureCache`; None: one in memory.
        paths: dictionary of weight file key -> path, before all other places.
        loaded: dictionary of network name -> loaded network, for networks of one's own.
    """

    def __init__(self, cache=None, paths=None, loaded=None):
        self.cache = cache or FeatureCache()
        self._paths = {key: path for key, path in (paths or {}).items() if path}
        self._loaded = dict(loaded or {})

    def what_is_missing(self, name):
        """None when the weights of a network are at hand, else one sentence: what is missing and how to get it."""
        if name in self._loaded or any(self._lacks(keys) is None for keys, *_ in NETWORKS[name]):
            return None
        return self._lacks(NETWORKS[name][0][0])

    def network(self, name):
        """The loaded network.

        Raises:
            WeightsError: its weights are missing or wrong.
        """
        if name not in self._loaded:
            missing = self.what_is_missing(name)
            if missing:
                raise WeightsError(missing)
            keys, place, leading = next(way for way in NETWORKS[name] if self._lacks(way[0]) is None)
            module, _, attribute = place.rpartition(".")
            paths = [catalogue.find(key, self._paths.get(key)) for key in keys]
            self._loaded[name] = getattr(importlib.import_module(module), attribute)(*leading, *paths)
        return self._loaded[name]

    def rows(self, name, *arrays):
        """What a network gives for pictures, from memory where it has seen them: see `FeatureCache.rows`."""
        return self.cache.rows(self.network(name), *arrays)

    def _lacks(self, keys):
        sentences = (catalogue.what_is_missing(key, self._paths.get(key)) for key in keys)
        return next((sentence for sentence in sentences if sentence), None)

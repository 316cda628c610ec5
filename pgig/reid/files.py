"""Weight files of the networks that `train-reid` leaves: `.h5`, in the layout of all our weight files."""

from keras import ops

from pgig.errors import WeightsError
from pgig.pretrained.batches import checked_pixels, in_batches
from pgig.pretrained.catalogue import fingerprint
from pgig.pretrained.resnet50_attributes import assign
from pgig.pretrained.resnet50_reid import SCALINGS, trunk_arrays
from pgig.reid.networks import RECIPES, build
from pgig.weights import keras_h5
from pgig.weights.foreign import kind_of
from pgig.weights.torch_file import read_torch

_KEY = "reid"
# Above any data set's: a damaged file may claim any number.
_MOST_PEOPLE = 10**6


class TrainedFeatures:
    """The features of a network that `train-reid` trained.

    Args:
        path: weight file.
        batch_size: pictures that run at a time.

    Attributes:
        network, scaling, size: what it was built and trained with.

    Raises:
        WeightsError: the file is missing, damaged, or of another kind.
    """

    version = 1

    def __init__(self, path, batch_size=32):
        self.batch_size = batch_size
        config = read_config(path)
        self.network, self.scaling, self.size = config["network"], config["scaling"], tuple(config["size"])
        self.name = f"{self.network}-trained"
        self._model, _ = load(path)
        self.fingerprint = f"{self.name}-{self.version}-{fingerprint(path)}"

    def __call__(self, pixels):
        """Features of pictures.

        Args:
            pixels: (N, H, W, 3) uint8 RGB.

        Returns:
            (N, D) float32, not negative, of any length.

        Raises:
            DataError: `pixels` is of another shape or type.
        """
        return in_batches(self._model, self.batch_size, checked_pixels(pixels, "The re-identification network"))


def save(path, classifier, config):
    """Write a network.

    Args:
        path: `.h5` file.
        classifier: of `pgig.reid.networks.build`.
        config: dictionary of its arguments `network`, `people`, `scaling`, and of `size` (height, width).

    Raises:
        StorageError: it cannot be written.
    """
    entries = [(layer, name, ops.convert_to_numpy(variable.value)) for layer, name, variable in _order(classifier)]
    keras_h5.write(path, entries, {_KEY: config})


def read_config(path):
    """What a weight file says of its network: as `config` of `save`.

    Raises:
        WeightsError: the file is missing or damaged, or not one of `train-reid`.
    """
    if kind_of(path) != "keras":
        raise WeightsError(f"{path} is no .h5 file: give a weight file that `python -m pgig train-reid` wrote.")
    config = keras_h5.read_config(path) or {}
    found = config.get(_KEY)
    if _KEY not in config:
        raise WeightsError(
            f"{path} does not hold a re-identification network: give a file that `python -m pgig train-reid` wrote."
        )
    if not _possible(found):
        raise WeightsError(f"{path} states an impossible network ({str(found)[:80]}): take another copy.")
    return found


def load(path):
    """(features, classifier) of `pgig.reid.networks.build` with the weights of a file of ours.

    Raises:
        WeightsError: the file is missing, damaged, or does not fit what it says of itself.
    """
    config = read_config(path)
    # Before a network is built that large.
    tensors, _ = keras_h5.read(path)
    if not tensors or tensors[-1][1].shape != (config["people"],):
        raise WeightsError(f"{path} does not hold the {config['people']} people that it states: take another copy.")
    features, classifier = build(config["network"], config["people"], config["scaling"])
    keras_h5.assign(_order(classifier), tensors, path, "re-identification network")
    return features, classifier


def begin_with(features, network, path):
    """Fill the trunk of a new network.

    Args:
        features: of `pgig.reid.networks.build`.
        network: key of `RECIPES`.
        path: a file of ours of the same network, or for `resnet50` a state file of PyTorch, of torchvision's ResNet-50
            or of naiq/PN_GAN's class. What it holds of persons is passed over.

    Raises:
        WeightsError: the file is missing, damaged, or of another network.
    """
    if kind_of(path) == "torch" and network == "resnet50":
        assign(features, trunk_arrays(read_torch(path), path), path, "the ResNet-50")
        return
    found = read_config(path)["network"]
    if found != network:
        raise WeightsError(f"{path} holds the network {found}: give --network {found}, or another file.")
    features.set_weights(load(path)[0].get_weights())


def _order(classifier):
    """Weights in the order of the file: a list of (layer, tensor's name, variable)."""
    return [
        (layer.name, f"{layer.name}/{variable.name}", variable)
        for layer in classifier.layers
        for variable in layer.weights
    ]


def _possible(config):
    """Whether a file's words make a network; they may be anything."""
    if not isinstance(config, dict):
        return False
    size, people = config.get("size"), config.get("people")
    whole = [people, *size] if isinstance(size, list) and len(size) == 2 else [None]
    return (
        all(type(number) is int and 0 < number for number in whole)
        and people <= _MOST_PEOPLE
        and max(size) < 10**5
        and config.get("network") in (*RECIPES,)
        and config.get("scaling") in SCALINGS
    )

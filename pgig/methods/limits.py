"""What values an option may have, and the sentence for one that it may not. Standard library only."""

from collections.abc import Callable
from dataclasses import dataclass

from pgig.errors import OptionsError
from pgig.pretrained.vgg_layers import numbered


@dataclass(frozen=True)
class Limit:
    """A rule for numbers.

    Attributes:
        holds: function of a number -> whether it keeps to the rule; false for nan.
        words: what the number must be.
    """

    holds: Callable
    words: str


WEIGHT = Limit(lambda value: 0 <= value < float("inf"), "0 or more: it is a weight")
POSITIVE = Limit(lambda value: 0 < value < float("inf"), "above 0")
LEARNING_RATE = Limit(POSITIVE.holds, "above 0: it is a learning rate")
DECAY = Limit(lambda value: 0 <= value < 1, "from 0 to below 1: it is a decay")
SHARE = Limit(lambda value: 0 <= value <= 1, "between 0 and 1")


def at_least(least):
    """Numbers from `least` on."""
    return Limit(lambda value: value >= least, f"{least} or more")


def between(least, most):
    """Numbers from `least` to `most`."""
    return Limit(lambda value: least <= value <= most, f"from {least} to {most}")


def require(config, limit, *names):
    """Refuse a configuration with an option beyond its limit. None is left to what decides the option.

    Args:
        config: dataclass of options.
        limit: `Limit`.
        names: of the options.

    Raises:
        OptionsError: one sentence naming the flag.
    """
    for name in names:
        value = getattr(config, name)
        if value is not None and not limit.holds(value):
            raise OptionsError(f"--{name} {value} must be {limit.words}.")


def require_vgg_layer(config):
    """Refuse a `perceptual_layers` that is no number of a ReLU or maximum in torchvision's VGG19.

    Raises:
        OptionsError: one sentence.
    """
    if config.perceptual_layers not in numbered():
        raise OptionsError(
            f"--perceptual_layers {config.perceptual_layers} is no ReLU or maximum of VGG19: choose one of "
            f"{', '.join(map(str, numbered()))}."
        )

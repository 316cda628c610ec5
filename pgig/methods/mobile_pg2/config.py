"""Options of mobile PG2: those of PG2 with the defaults of kevinleewy/Human-Pose-Transfer's mobile configuration."""

import dataclasses
from dataclasses import dataclass

from pgig.methods.pg2.config import Pg2Config

_BY_NAME = {field.name: field for field in dataclasses.fields(Pg2Config)}


def _with_default(name, default):
    """An option of PG2 with another default."""
    return dataclasses.field(default=default, metadata=_BY_NAME[name].metadata)


@dataclass(frozen=True)
class MobilePg2Config(Pg2Config):
    """Options of mobile PG2; every one is a flag of the same name."""

    family: str = _with_default("family", "human-pose-transfer")
    generator1_block: str = _with_default("generator1_block", "separable")
    generator2_block: str = _with_default("generator2_block", "separable")
    g_lr: float = _with_default("g_lr", 1e-4)

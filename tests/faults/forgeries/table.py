"""All classes of forgeries, and how many of each a run sends."""

from collections import Counter
from random import Random

from tests.faults.forgeries import bodies, lines, nonsense, signatures
from tests.faults.forgeries.forgery import Forgery, Verdict

CLASSES: tuple[Forgery, ...] = (*signatures.FORGED, *bodies.FORGED, *lines.FORGED, *nonsense.FORGED)
LEAST_CLASSES = 60
"""RELIABILITY G4."""

_DOUBLED = [name for name, count in Counter(one.name for one in CLASSES).items() if count > 1]
if _DOUBLED:
    raise ValueError(f"two classes of one name: {_DOUBLED}")
FLOODING = tuple(
    one for one in CLASSES if one.verdict is Verdict.REFUSED and not (one.slow or one.cut or one.once or one.replays)
)
"""What a flood is made of: small, quick, and refused however often it comes."""


def shuffled(rng: Random, count: int) -> list[Forgery]:
    """Return at least ``count`` classes in random order, each equally often."""
    each = -(-count // len(CLASSES))
    order = [one for one in CLASSES for _ in range(each)]
    rng.shuffle(order)
    return order

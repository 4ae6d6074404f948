"""Right versions of the hand-derived layers, each written in another way, and networks to try them on."""

import random
from pathlib import Path

__all__ = ["NETWORKS", "VERSIONS", "Network"]

VERSIONS = {path.stem: path for path in sorted(Path(__file__).parents[1].glob("right_versions/*.py"))}

Network = tuple[tuple[int, ...], int]  # the sizes of its layers, and the seed of its numbers


def drawn(seed: int) -> Network:
    """A binary network of one to five layers, all of different sizes."""
    sizes = random.Random(seed).sample(range(2, 10), 1 + seed % 5)
    return (*sizes, 1), seed


# The lectures' three layers first.
NETWORKS: list[Network] = [((5, 4, 3, 1), 0), *map(drawn, range(1, 20))]

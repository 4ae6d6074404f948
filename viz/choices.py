"""What may be chosen for a picture, and the error for anything else."""

from __future__ import annotations

from viz.style import PALETTES
from viz.views.table import KNOWN_VIEWS

__all__ = ["check_choices"]

CHOICES = {"convention": ("course", "true"), "palette": tuple(PALETTES), "direction": ("right", "down")}


def check_choices(**given: str | None) -> None:
    """ValueError for an argument that is none of its choices; None stands for the default."""
    choices = CHOICES | {"view": ("auto", *KNOWN_VIEWS)}
    for what, choice in given.items():
        if choice is not None and choice not in choices[what]:
            known = ", ".join(map(repr, choices[what]))
            raise ValueError(f"{what} is one of {known}, not {choice!r}")

"""What may be chosen for a picture, and the error for anything else."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from viz.style import PALETTES
from viz.views.table import KNOWN_VIEWS

__all__ = ["check_choices", "check_kinds", "check_options", "check_suffixes"]

VIEW_OF = {"group": "ops", "unfold": "layers", "values": "compact"}
CHOICES = {"convention": ("course", "true"), "palette": tuple(PALETTES), "direction": ("right", "down")}


def check_choices(**given: str | None) -> None:
    """ValueError for an argument that is none of its choices; None stands for the default."""
    choices = CHOICES | {"view": ("auto", *KNOWN_VIEWS)}
    for what, choice in given.items():
        if choice is not None and choice not in choices[what]:
            known = ", ".join(map(repr, choices[what]))
            raise ValueError(f"{what} is one of {known}, not {choice!r}")


def check_options(view: str, **given: bool) -> None:
    """ValueError for an option that the view which is drawn does not have."""
    for what, is_given in given.items():
        if is_given and view != VIEW_OF[what]:
            raise ValueError(f'{what}= belongs to view="{VIEW_OF[what]}", and this drawing has view="{view}"')


def check_suffixes(unfold: Collection[str], known: Collection[str]) -> None:
    """ValueError for a layer to unfold that is not there."""
    for suffix in unfold:
        if suffix not in known:
            layers = ", ".join(map(repr, known)) or "none"
            raise ValueError(f"there is no layer {suffix!r} to unfold; there are: {layers}")


def check_kinds(highlight: Any, max_size: Any) -> None:
    """TypeError for a highlight that is no report; ValueError for a size that is not two positive numbers."""
    if highlight is not None and not hasattr(highlight, "first_wrong"):
        raise TypeError(f"highlight= is what tg.compare returned, not {highlight!r:.60}")
    if max_size is not None and not (len(max_size) == 2 and min(max_size) > 0):
        raise ValueError(f"max_size= is a width and a height in inches, both positive, not {max_size!r}")

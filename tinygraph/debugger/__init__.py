"""Somebody's own backward pass: read, run in a process of its own, judged and explained."""

__all__: list[str] = []

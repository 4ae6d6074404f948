"""Tensors, the calls that made them, and the reverse sweep."""

__all__: list[str] = []

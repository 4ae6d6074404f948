"""The table of operations, forward and backward, and the plain NumPy that it is written with."""

__all__: list[str] = []

"""The reading of a recorded graph: its quantities and calls, their names, the layers."""

__all__: list[str] = []

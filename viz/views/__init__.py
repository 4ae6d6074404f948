"""The views: each turns a graph into the DOT text of one kind of picture."""

__all__: list[str] = []

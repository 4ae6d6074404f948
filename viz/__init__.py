"""viz: pictures of recorded graphs, forward in black and backward in red."""

from viz.draw import draw
from viz.drawing import Drawing

__all__ = ["Drawing", "draw"]

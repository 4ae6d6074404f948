"""viz: pictures of recorded graphs, forward in black and backward in red."""

from viz.draw import draw, page
from viz.drawing import Drawing
from viz.page.page import Page

__all__ = ["Drawing", "Page", "draw", "page"]

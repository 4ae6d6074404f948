"""viz: pictures of recorded graphs, forward in black and backward in red."""

from viz.drawing import Drawing
from viz.entry import draw, page
from viz.pages.page import Page

__all__ = ["Drawing", "Page", "draw", "page"]

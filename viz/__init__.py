from viz.draw import draw

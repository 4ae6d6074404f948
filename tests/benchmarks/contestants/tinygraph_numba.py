"""tinygraph with the whole step in loops that numba compiles, and NumPy for what it does best."""

from . import tinygraph_compiled


class Training(tinygraph_compiled.Training):
    backend = "numba"

"""tinygraph with whichever backend turns out to be faster here."""

from . import tinygraph_compiled


class Training(tinygraph_compiled.Training):
    backend = "auto"

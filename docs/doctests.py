"""For the site: how docstrings look there. Doctests are examples, shown as code; trees keep their lines."""

import re
from typing import Any

from griffe import Extension, Object

TREE = re.compile(r"^(?=[├│└]|\w+$(?=\n├))", re.MULTILINE)


class Doctests(Extension):
    """Puts the heading `Examples:` before the first `>>>` of a docstring, and makes code of a tree."""

    def on_instance(self, *, obj: Object, **settings: Any) -> None:
        """Called for each module, class and function."""
        if obj.docstring:
            text, start, code = obj.docstring.value.partition(">>> ")
            lines = (start + code).splitlines()
            examples = ["Examples:", *(f"    {line}" for line in lines)] if start else []
            obj.docstring.value = "\n".join([TREE.sub("    ", text), *examples])

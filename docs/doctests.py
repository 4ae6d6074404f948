"""For the site: doctests in docstrings are examples, and shown as code."""

from typing import Any

from griffe import Extension, Object


class Doctests(Extension):
    """Puts the heading `Examples:` before the first `>>>` of a docstring."""

    def on_instance(self, *, obj: Object, **settings: Any) -> None:
        """Called for each module, class and function."""
        if obj.docstring and ">>> " in obj.docstring.value:
            text, start, code = obj.docstring.value.partition(">>> ")
            lines = (start + code).splitlines()
            obj.docstring.value = "\n".join([f"{text}Examples:", *(f"    {line}" for line in lines)])

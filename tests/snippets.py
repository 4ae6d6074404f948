"""Python out of pages, run as a notebook runs its cells: the source can be looked up."""

import itertools
import linecache

__all__ = ["run_snippet"]

NUMBER = itertools.count(1)


def run_snippet(source, namespace, called=""):
    """Run a snippet among the names of those before it; a report on it says what it is called."""
    file = f"<snippet {next(NUMBER)}>" + (f"/{called}" if called else "")
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    exec(compile(source, file, "exec"), namespace)

"""Executes a script anew with some of its variables changed, for the drivers of scripts."""

import ast
import contextlib
import io
from pathlib import Path


def rerun(module, **values):
    """The variables after the script has run, each of the named ones replaced where it is first assigned."""
    tree = ast.parse(Path(module.__file__).read_text())
    left = set(values)

    class Replace(ast.NodeTransformer):
        def visit_Assign(self, node):
            name = node.targets[0].id if isinstance(node.targets[0], ast.Name) else None
            if name not in left:
                return node
            left.remove(name)
            return [node, *ast.parse(f"{name} = _values[{name!r}]").body]

    tree = ast.fix_missing_locations(Replace().visit(tree))
    assert not left, f"never assigned: {left}"
    found = {"__name__": "script", "_values": values}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(tree, module.__file__, "exec"), found)
    return found

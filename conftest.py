"""Imports the packages first: asked for the examples of one file alone, pytest would run it a second time."""

import tinygraph.checks
import tinygraph.plan  # noqa: F401
import viz  # noqa: F401

"""Imports the packages before pytest does: asked for the examples of one file, it would run that a second time."""

import tinygraph.checks
import tinygraph.plan  # noqa: F401
import viz  # noqa: F401

"""Imports the packages before pytest does.

Asked for the examples of one file alone, such as tinygraph/tensor.py, pytest runs it a second time and leaves
the module in the place of the function `tg.tensor`.
"""

import tinygraph.check
import tinygraph.plan  # noqa: F401
import viz  # noqa: F401

"""The time of one training step, tinygraph beside the same step by hand and beside its peers.

Run by hand, from the root of the repository, never as a timed test:

    python -m tests.benchmarks.steps             # five networks and a chain of 100,000 additions
    python -m tests.benchmarks.imports           # `import tinygraph` beside `import numpy`
"""

"""What is measured: time and memory as ratios within one run, what the debugger finds, what the tests notice.

Run by hand, from the root of the repository; no test is timed:

    python -m tests.benchmarks.steps             # a training step, beside the same by hand and beside peers
    python -m tests.benchmarks.plans             # what a compiled step costs besides its time
    python -m tests.benchmarks.imports           # `import tinygraph` beside `import numpy`
    python -m tests.benchmarks.memory            # what training holds
    python -m tests.benchmarks.pictures          # how long large graphs take to draw
    python -m tests.benchmarks.cluster           # training over workers
    python -m tests.benchmarks.debugger          # mistakes planted in layers by hand, and how many are named
    python -m tests.benchmarks.slips             # slips planted in tinygraph, and how many its tests notice
"""

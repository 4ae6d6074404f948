"""A file's process without the process: the worker's own code, asked and heard as there, in no time.

For files that neither hang nor end, and that meddle with nothing. What a process is for has tests of its own
(test_process.py, test_worker.py, test_adversary.py).
"""

import contextlib
import io
import pickle
import sys
import warnings

from tinygraph.debugger import process, worker
from tinygraph.debugger.live import chance_kept
from tinygraph.debugger.loading import forget_modules


class Ear(io.RawIOBase):
    """Where the worker writes: each line is heard at once."""

    def __init__(self, talk):
        self.talk = talk

    def write(self, data):
        for line in bytes(data).splitlines():
            self.talk.note(line)
        return len(data)


def run_here(path, steps, timeout=process.TIMEOUT, memory=process.MEMORY, asks=()):
    """What `process.run_file` gives."""
    run, file = process.FileRun(str(path)), path.resolve()
    waiting = sorted(range(len(steps)), key=lambda i: process.turn_of(steps[i]))
    talk = process.Talk(run, steps, waiting, asks)
    printed = worker.Printed()
    with nothing_left_of(file), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        sys.stdin = io.StringIO()
        questions = (pickle.loads(pickle.dumps(question)) for question in talk.questions())
        worker.run_all(str(file), talk.names, questions, worker.Log(Ear(talk), printed, talk.secret))
    run.outcomes = {i: x for i, x in sorted(run.outcomes.items()) if x.step.belongs_to(run.defined)}
    process.add_notes(run)
    return run


@contextlib.contextmanager
def nothing_left_of(file):
    """Undo what the import of a file changes in this process; its warnings are nobody's."""
    path, stdin = sys.path[:], sys.stdin
    with chance_kept(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            sys.path[:], sys.stdin = path, stdin
            forget_modules(file.parent)

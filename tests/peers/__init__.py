"""The suites of peers, run on tinygraph: `python -m tests.peers` says how. Nothing of theirs is kept here."""

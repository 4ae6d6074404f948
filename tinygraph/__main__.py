"""`python -m tinygraph` is the command `tinygraph`."""

from tinygraph.cli import main

raise SystemExit(main())

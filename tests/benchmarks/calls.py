"""How many of NumPy's calls record: `python -m tests.benchmarks.calls`, from the root of the repository.

tests/data/numpy_calls.csv lists the functions of NumPy through which a derivative can flow, how often public
repositories that differentiate NumPy code call each, and which peers give the right derivative. Here each is
tried: the examples of tests/data/numpy_calls.toml are recorded, and their values and derivatives compared
with NumPy's own values and with central differences of them.
"""

import argparse
import warnings

from rich import box
from rich.table import Table

from tests.calls import EXAMPLES, LISTED, NOT_DISPATCHED, wrong_with

from .report import make_console

PEERS = ("HIPS autograd", "MyGrad", "JAX", "PyTorch")
RECORDS, PLAIN, REFUSED, NOT_HANDED, WRONG = "records", "a plain array", "refused", "not handed over", "WRONG"


def outcome_of(call):
    """What becomes of a call, and what is said."""
    for example in EXAMPLES[call]:
        try:
            wrong = wrong_with(example)
        except Exception as error:
            return NOT_HANDED if call in NOT_DISPATCHED else REFUSED, str(error)
        if wrong:
            return (PLAIN, "") if wrong == PLAIN else (WRONG, f"{example}: {wrong}")
    return RECORDS, ""


def count(calls):
    """How many calls there are, and how often public code makes them."""
    return len(calls), sum(int(row["uses in public code"]) for row in calls)


def share(calls, of):
    n, uses = count(calls)
    total, all_uses = count(of)
    return f"{n} of {total}", f"{uses / all_uses:.2%}"


def tabulate(outcomes):
    """A line for tinygraph and each peer: all calls, and those that NumPy hands to other kinds of arrays."""
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("", "of all", "by use", "of those that NumPy hands over", "by use"):
        table.add_column(heading, justify="right" if heading else "left")
    handed = [row for row in LISTED if row["call"] not in NOT_DISPATCHED]
    own = [row for row in LISTED if outcomes[row["call"]][0] == RECORDS]
    table.add_row("tinygraph", *share(own, LISTED), *share([r for r in own if r in handed], handed))
    for peer in PEERS:
        known = [row for row in LISTED if row[peer] == "yes"]
        table.add_row(peer, *share(known, LISTED), *share([row for row in known if row in handed], handed))
    return table


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--verbose", action="store_true", help="also what is said where a call does not record"
    )
    options = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcomes = {row["call"]: outcome_of(row["call"]) for row in LISTED}
    console = make_console()
    console.print(tabulate(outcomes))
    for kind in (PLAIN, REFUSED, NOT_HANDED, WRONG):
        names = [call for call, (found, _) in outcomes.items() if found == kind]
        console.print(f"{kind}: {', '.join(names) or 'none'}", highlight=False, markup=False)
    if options.verbose:
        for call, (_, said) in outcomes.items():
            if said:
                console.print(f"\n{call}: {said}", highlight=False, markup=False)


if __name__ == "__main__":
    main()

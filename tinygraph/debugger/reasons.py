"""Why a line was wrong, and what to look for in it, in a sentence, by the sort of slip that was mended."""

from __future__ import annotations

import re

from tinygraph.debugger.claims import RATE

__all__ = ["hint_for", "reason_for"]

# Of each sort what to look for, and why it is wrong.
SORTS = {
    "an axis": (
        "along which axis is something added up or averaged here?",
        "What was used along an axis going forward collects its derivatives along that axis alone.",
    ),
    "keepdims": (
        "look at the shape of what comes out, not at the numbers",
        "The numbers are right, the shape is not: a derivative has the shape of what it belongs to.",
    ),
    "a transpose": (
        "what is transposed here, and what is not?",
        "Going back, the other factor of a product comes transposed, so that shapes fit again.",
    ),
    "a factor": (
        "something that multiplies or divides is missing",
        "The derivative carries this factor, as the forward pass or its mean does.",
    ),
    "a sign": ("look at the signs", "With the sign turned round, a step would climb instead of descend."),
    "a name": ("one of the names stands for another value than the one needed", ""),
    "an attribute": ("one of the object's attributes is another than the one needed", ""),
    "a key": ("one of the keys is another than the one needed", ""),
    "an index": ("one of the indices is another than the one needed", ""),
    "a comparison": (
        "what is compared here, and how?",
        "The derivative flows where the forward pass let its input through, and nowhere else.",
    ),
    "a condition": ("which of the two cases is which?", "The two cases are the other way round."),
    "an operator": ("look at the operations: +, -, *, /, @", ""),
    "an order": ("in which order do things stand here?", "The order matters here."),
    "an order of statements": (
        "in which order do the lines stand here?",
        "One needs what the other makes, so that they belong in the other order.",
    ),
    "brackets": ("look at the brackets", "The brackets decide what is multiplied by what."),
    "a constant": ("look at the numbers", ""),
    "an exponent": ("something is raised to another power, or to none", ""),
    "a function": ("look at which function is called", ""),
    "a term or factor too many": (
        "there is a term or a factor too many",
        "Nothing in the forward pass gives the rest.",
    ),
    "a function too many": (
        "there is a call too many",
        "The derivative is taken at the value itself, not at what a function makes of it.",
    ),
    "a sum too many": (
        "something is added up that should not be",
        "Nothing was repeated going forward, so there is nothing to sum up.",
    ),
    "a missing sum": (
        "something is not added up that should be",
        "What was repeated going forward is summed up going back.",
    ),
    "a missing term": (
        "a term is missing",
        "Several ways lead from here to the loss and their derivatives add up; one is missing.",
    ),
    "a missing statement": (
        "a line is missing near this one",
        "Something more happens to this value going forward, so it does going back.",
    ),
    "a statement too many": (
        "is each line here needed?",
        "Nothing going forward corresponds to this line.",
    ),
    "the end of a range": (
        "where does the loop begin, and where does it end?",
        "The loop goes back over the same steps as the one forward, no more and no less.",
    ),
    "a direction": ("in which direction does the loop go?", "Going back, the last comes first."),
    "a loop": (
        "what stands inside the loop, and what outside?",
        "It belongs to each round of the loop, or to its end, as it does going forward.",
    ),
    "a setting": ("look at the settings that are given", "The setting is another going forward."),
}  # fmt: skip
# What is said where the texts are too long to be shown.
UNSHOWN = "Another expression belongs here."
EXCHANGED = {
    *("a name", "an attribute", "a key", "an index", "a function", "a comparison", "a condition"),
    *("an order", "the end of a range", "a direction", "a setting"),
}
COMPUTED = {
    *("a factor", "a sign", "a constant", "an exponent", "an operator", "a term or factor too many"),
    *("a function too many", "a sum too many", "a missing sum", "a missing term", "brackets"),
}


def hint_for(kind: str) -> str:
    """What to look for, without what should be there; empty for a sort that is not known."""
    return SORTS.get(kind, ("", ""))[0]


def reason_for(kind: str, old: str, new: str, before: str, after: str) -> str:
    """The sentence for a sort of slip.

    Args:
        kind: the sort.
        old, new: what was changed into what; empty where that is long.
        before, after: the lines.
    """
    if kind == "a setting" and {old, new} == {"True", "False"} and "keepdims" in before:
        return (
            f"The sum is to {'keep' if new == 'True' else 'drop'} its axis: then it has the shape it is for."
        )
    if kind == "an operator" and before.replace("+=", "=").strip() == after.replace("+=", "=").strip():
        if "+=" in after:
            return "Several derivatives meet here, and they add up."
        return "The derivative is this value alone, not added to what was there."
    if kind in ("a name", "an attribute") and old and new and is_mask(before, old):
        return (
            f"The mask asks whether {new} was positive going forward, not whether {old} is: "
            "negative derivatives pass as well."
        )
    if kind == "a factor" and any(
        map(RATE.match, set(re.findall(r"\w+", new)) - set(re.findall(r"\w+", old)))
    ):
        return f"You have {old} here; it should be {new}: every step is as long as the learning rate says."
    if kind == "an order" and is_in_another_order(before, after):
        return "Results go out in the order in which the arguments came in."
    if kind == "a loop" and "\n" not in before + after:
        deeper = len(after) - len(after.lstrip()) > len(before) - len(before.lstrip())
        return (
            "It belongs into the loop: indent it." if deeper else "It belongs behind the loop, not into it."
        )
    if kind == "an operator" and (signs := signs_changed(before, after)):
        return "You have {} here; the derivative has {}.".format(*signs)
    told = [exchange_text(kind, old, new), SORTS.get(kind, ("", ""))[1]]
    return " ".join(filter(None, told)) or (UNSHOWN if kind in SORTS else "")


def exchange_text(kind: str, old: str, new: str) -> str:
    """What is there and what should be, where that is short."""
    if not (old and new) or old == new:
        return ""
    if kind in EXCHANGED:
        return f"{new} belongs here, not {old}."
    return f"You have {old} here; the derivative has {new}." if kind in COMPUTED else ""


def signs_changed(before: str, after: str) -> tuple[str, str] | None:
    """The operators that differ between two lines, if nothing else does.

    >>> signs_changed("dx = w / dw", "dx = w * dw")
    ('/', '*')
    """
    [*parts, last], [*others, end] = (re.split(r"(\*\*|//|[-+*/@%])", x) for x in (before, after))
    if len(parts) != len(others) or last.strip() != end.strip():
        return None
    pairs = [(a.strip(), b.strip()) for a, b in zip(parts, others, strict=True) if a.strip() != b.strip()]
    return pairs[0] if len(pairs) == 1 and not re.search(r"\w", "".join(pairs[0])) else None


def is_in_another_order(before: str, after: str) -> bool:
    """Whether two return statements give the same results in other orders."""
    first, second = (line.strip().removeprefix("return").split(",") for line in (before, after))
    return before.lstrip().startswith("return") and sorted(map(str.strip, first)) == sorted(
        map(str.strip, second)
    )


def is_mask(before: str, old: str) -> bool:
    """Whether a name is compared with 0 in a line."""
    return bool(re.search(rf"{re.escape(old)} *(>=?|<=?) *0", before))

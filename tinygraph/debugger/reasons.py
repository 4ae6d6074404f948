"""Why a line was wrong, in a sentence, by the sort of slip that was mended."""

from __future__ import annotations

import re

__all__ = ["reason_for"]

REASONS = {
    "an axis": "What was used along an axis going forward collects its derivatives along that axis alone.",
    "keepdims": "The numbers are right, the shape is not: a derivative has the shape of what it belongs to.",
    "a transpose": "Going back, the other factor of a product comes transposed, so that shapes fit again.",
    "a factor": "The derivative carries this factor, as the forward pass or its mean does.",
    "a sign": "The sign is turned round: the step would climb instead of descend.",
    "a name": "It is another value that is needed here.",
    "an attribute": "It is another value of the object that is needed here.",
    "a key": "It is another entry that is needed here.",
    "an index": "It is another entry that is needed here.",
    "a comparison": "The derivative flows where the forward pass let its input through, and nowhere else.",
    "a condition": "The two cases are the other way round.",
    "an operator": "It is another operation that the rule for this derivative asks for.",
    "an order": "The order matters here: it is the other way round.",
    "an order of statements": "One needs what the other makes, so that they belong in the other order.",
    "brackets": "The brackets decide what is multiplied by what.",
    "a constant": "It is another number that the derivative has here.",
    "an exponent": "The derivative has this exponent.",
    "a function": "It is another function whose value is needed here.",
    "a term or factor too many": "The derivative has no such part.",
    "a function too many": "The derivative is taken of the value itself.",
    "a sum too many": "Nothing was repeated going forward, so there is nothing to sum up.",
    "a missing sum": "What was repeated going forward is summed up going back.",
    "a missing term": "Several ways lead from here to the loss and their derivatives add up; one is missing.",
    "a missing statement": "Something more happens to this value going forward, so it does going back.",
    "a statement too many": "Nothing going forward corresponds to this line.",
    "the end of a range": "The loop goes back over the same steps as the one forward, no more and no less.",
    "a direction": "Going back, the last comes first.",
    "a loop": "It belongs to each round of the loop, or to its end, as it does going forward.",
    "a setting": "The setting is another going forward.",
}


def reason_for(kind: str, old: str, new: str, before: str, after: str) -> str:
    """The sentence for a sort of slip.

    Args:
        kind: the sort.
        old, new: what was changed into what; empty where that is long.
        before, after: the lines.
    """
    if kind == "an operator" and before.replace("+=", "=").strip() == after.replace("+=", "=").strip():
        if "+=" in after:
            return "Several derivatives meet here, and they add up."
        return "The derivative is this value alone, not added to what was there."
    if kind in ("a name", "an attribute") and old and new and is_mask(before, old):
        return (
            f"The mask asks whether {new} was positive going forward, not whether {old} is: "
            "negative derivatives pass as well."
        )
    if kind in ("a name", "an attribute", "a key", "an index", "a function") and old and new:
        return f"{new} belongs here, not {old}."
    return REASONS.get(kind, "")


def is_mask(before: str, old: str) -> bool:
    """Whether a name is compared with 0 in a line."""
    return bool(re.search(rf"{re.escape(old)} *(>=?|<=?) *0", before))

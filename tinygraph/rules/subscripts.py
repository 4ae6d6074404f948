"""The derivative of `np.einsum`, which is another einsum: subscripts in, subscripts out."""

from __future__ import annotations

import string

import numpy as np

from tinygraph.rules.types import Numeric, Option

__all__ = ["einsum_rule", "explicit_subscripts"]


def explicit_subscripts(subscripts: str, ndims: list[int]) -> tuple[list[str], str]:
    """The letters of each input and of the output, with `...` and the implicit output written out.

    >>> explicit_subscripts("ij,jk", [2, 2])
    (['ij', 'jk'], 'ik')
    >>> explicit_subscripts("...j->...", [3])
    (['ABj'], 'AB')
    """
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    free = [c for c in string.ascii_uppercase + string.ascii_lowercase if c not in subscripts]
    hidden = [n - len(t.replace("...", "")) for t, n in zip(terms, ndims, strict=True)]
    widest = max((h for h, t in zip(hidden, terms, strict=True) if "..." in t), default=0)
    letters = "".join(free[:widest])
    terms = [t.replace("...", letters[widest - h :]) for t, h in zip(terms, hidden, strict=True)]
    if not arrow:
        joined = "".join(terms)
        once = sorted(c for c in set(joined) - set(letters) if joined.count(c) == 1)
        return terms, letters + "".join(once)
    return terms, right.replace("...", letters)


def einsum_rule(
    i: int, dz: Numeric, z: Numeric, *xs: Numeric, subscripts: str = "", optimize: Option = False
) -> Numeric:
    """The derivative with respect to input i: the others and dz, summed to the letters of input i.

    A letter that stands in input i alone (or elsewhere with length 1) was summed away, so its derivative is
    repeated: an array of ones brings the letter back. A letter that stands twice in input i took a diagonal:
    an identity puts it back.
    """
    terms, out = explicit_subscripts(subscripts, [x.ndim for x in xs])
    letters = [out, *(t for j, t in enumerate(terms) if j != i)]
    arrays = [dz, *(x for j, x in enumerate(xs) if j != i)]
    sizes = {
        pair for term, x in zip(letters, arrays, strict=True) for pair in zip(term, x.shape, strict=True)
    }
    spare = (c for c in string.ascii_letters if c not in "".join(terms) + out)
    want = ""
    for letter, n in zip(terms[i], xs[i].shape, strict=True):
        if letter in want:
            copy = next(spare)
            letters.append(letter + copy)
            arrays.append(np.eye(n, dtype=dz.dtype))
            letter = copy
        elif (letter, n) not in sizes:
            letters.append(letter)
            arrays.append(np.ones(n, dtype=dz.dtype))
        want += letter
    return np.einsum(f"{','.join(letters)}->{want}", *arrays, optimize=optimize)

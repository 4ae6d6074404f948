"""Reports as text, as HTML, as JSON and in conditions."""

import json
import os
import subprocess
import sys

import pytest

from tinygraph.checks.report import (
    Diagnosis,
    Report,
    Row,
    difference_text,
    index_text,
    plain_facts,
    printable_text,
)

RIGHT = Row("dZ1", True, "agrees", (3, 7), 0.0, 0.0)
WRONG = Row("dW1", False, "wrong", (3, 4), 0.5, 0.1, (2, 1), 1.5, 1.0)
SHAPE = Row("db1", False, "shape (3,) instead of (3, 1)", (3,))
MISSING = Row("db2", True, "missing", missing=True)


def test_text_fits_80_columns_and_has_no_colours():
    long = Row("dQ", False, "unknown name; known: " + ", ".join(f"dW{i}" for i in range(40)))

    lines = str(Report([RIGHT, WRONG, SHAPE, MISSING, long])).splitlines()

    assert max(map(len, lines)) <= 80
    assert not any("\x1b" in line or line.endswith(" ") for line in lines)
    assert lines[0].split() == ["largest", "relative", "worst"]
    assert lines[3].split() == ["dZ1", "(3,", "7)", "0", "0", "agrees"]
    assert lines[4].split() == ["dW1", "(3,", "4)", "5.0e-01", "1.0e-01", "[2,", "1]", "wrong"]


@pytest.mark.parametrize(
    ("report", "summary"),
    [
        (Report([]), "Nothing was compared: no derivative was given."),
        (Report([MISSING]), "Nothing was compared: no derivative was given."),
        (Report([RIGHT]), "The derivative agrees."),
        (
            Report([RIGHT, RIGHT, MISSING], convention="course", m=7),
            "All 2 derivatives agree (dA and dZ carry the lectures' factor m = 7).",
        ),
        (
            Report([RIGHT, RIGHT], convention="true", m=7),
            "All 2 derivatives agree (dA and dZ are the true derivatives, without the lectures' factor m).",
        ),
        (
            Report([RIGHT, WRONG, SHAPE]),
            "2 of 3 are wrong; in the order of the sweep dW1 is the first: at [2, 1] it is 1.5 instead of 1.",
        ),
        (
            Report([SHAPE]),
            "1 of 1 is wrong; in the order of the sweep db1 is the first: shape (3,) instead of (3, 1).",
        ),
    ],
)
def test_summary_says_it_in_one_sentence(report, summary):
    assert summary == report.summary
    assert summary in repr(report)
    assert summary in str(report).replace("\n", " ")


def test_reason_keeps_a_verdict_that_says_more_than_wrong():
    row = Row("dZ1", False, "m = 7 times too small", (1,), 1.0, 0.5, (0,), 1.0, 7.0)

    assert "m = 7 times too small; at [0] it is 1 instead of 7" in Report([row]).summary


def test_report_is_true_only_if_all_agree():
    assert Report([RIGHT])
    assert not Report([RIGHT, WRONG])
    assert not Report([])


def test_json_is_standard_and_complete():
    report = Report(
        [RIGHT, Row("dW1", False, "wrong", (1,), float("nan"), float("inf"), (0,))],
        convention="course",
        m=7,
        notes=["a note"],
    )

    facts = json.loads(report.to_json(), parse_constant=pytest.fail)

    assert {"ok", "summary", "first_wrong", "convention", "m", "rows", "notes", "diagnoses"} == set(facts)
    assert (facts["ok"], facts["first_wrong"], facts["convention"], facts["m"]) == (False, "dW1", "course", 7)
    assert facts["rows"][0]["shape"] == [3, 7]
    assert facts["rows"][1]["largest"] is facts["rows"][1]["relative"] is None


def test_html_has_the_colours():
    html = Report([RIGHT, WRONG])._repr_html_()

    assert html.startswith("<pre")
    assert "color: #800000" in html
    assert "dW1" in html


def test_markup_in_names_is_text():
    assert "[red]x[/red]" in str(Report([Row("[red]x[/red]", False, "unknown [b]name[/b]")]))


def test_diagnoses_are_shown():
    report = Report([WRONG], explain=lambda: [Diagnosis("dW1", "missing-1/m", "dW1 lacks the 1/m.")])

    assert str(report).endswith("dW1 lacks the 1/m.")
    assert json.loads(report.to_json())["diagnoses"][0]["cause"] == "missing-1/m"


def test_numbers_and_places_as_text():
    assert tuple(map(difference_text, (None, 0.0, 1.23e-7, float("nan")))) == ("", "0", "1.2e-07", "nan")
    assert tuple(map(index_text, (None, (), (1, 2)))) == ("", "[]", "[1, 2]")
    assert plain_facts({"a": (1, float("inf")), "b": "x"}) == {"a": [1, None], "b": "x"}


def test_json_is_indented_and_has_every_attribute():
    text = Report([RIGHT, WRONG], notes=["A note."], convention="course", m=7).to_json()
    facts = json.loads(text)

    assert text.splitlines()[1].startswith('  "')
    assert {"ok", "summary", "first_wrong", "rows", "notes", "convention", "m"} <= facts.keys()
    assert (facts["ok"], facts["first_wrong"], facts["m"]) == (False, "dW1", 7)


@pytest.mark.parametrize("arguments", [(["A note."],), ([], "course"), ([], "course", 7)])
def test_a_report_takes_all_but_its_rows_by_name(arguments):
    with pytest.raises(TypeError):
        Report([RIGHT], *arguments)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "cp437"])
def test_a_report_can_be_printed_whatever_the_stream_holds(encoding):
    code = (
        "import numpy as np, tinygraph as tg\n"
        "W = tg.parameter(np.ones((2, 2)), name='Wδ')\n"
        "print(tg.compare((W * W).sum(), {'dWδ': np.zeros((2, 2))}))\n"
        "print(tg.checks.gradcheck(lambda x: x.sum(), np.ones(2)))\n"
    )
    env = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=env, check=False)

    assert done.returncode == 0, done.stderr.decode()
    text = done.stdout.decode(encoding)
    assert "1 of 1 is wrong" in text
    assert ("─" in text) == (encoding in ("utf-8", "cp437"))
    assert ("--------" in text) == ("─" not in text)
    assert ("Wδ" in text) == (encoding in ("utf-8", "cp437"))


def test_text_that_an_encoding_has_stays_as_it_is():
    assert printable_text("naïve ─", "utf-8") == "naïve ─"
    assert printable_text("naïve ─ ×", "latin-1") == "naïve - ×"
    assert printable_text("naïve ─ ×", None) == "naïve ─ ×"
    assert printable_text("naïve ─ ×", "no such encoding") == "na\\xefve - x"

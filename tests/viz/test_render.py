"""DOT text to pictures: by a dot on the PATH, which is faked here, and by pygraphviz."""

import shutil
import subprocess
import sys
from unittest.mock import patch
from xml.etree import ElementTree

import graphviz
import pygraphviz
import pytest

import viz
from tests.viz.graphs import SVG, elements, three_layers
from tinygraph.errors import GraphError
from viz.render import FORMATS, render

STARTS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}
FAKE = """
import sys, pygraphviz
format = next(a[2:] for a in sys.argv if a.startswith("-T"))
open({log!r}, "a").write(" ".join(sys.argv[1:]) + "\\n")
sys.stdout.buffer.write(pygraphviz.AGraph(string=sys.stdin.read()).draw(format=format, prog="dot"))
"""


@pytest.fixture
def without_dot(monkeypatch, tmp_path):
    """A PATH on which there is nothing."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.fixture
def dot(without_dot):
    """A program dot on the PATH that logs its arguments; its file is returned."""
    program = without_dot / "dot"
    script = without_dot / "dot.py"
    script.write_text(FAKE.format(log=str(without_dot / "log")))
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("format", FORMATS)
def test_renders_in_process_where_there_is_no_dot(without_dot, format):
    assert render("digraph { a -> b }", format).startswith(STARTS[format])


@pytest.mark.parametrize("format", FORMATS)
def test_renders_by_dot_where_there_is_one(dot, format):
    assert render("digraph { a -> b }", format).startswith(STARTS[format])
    assert f"-T{format}" in (dot.parent / "log").read_text()


def test_dot_and_pygraphviz_give_the_same_svg(dot):
    source = viz.draw(three_layers()).source
    expected = render(source, "svg", "J")
    dot.unlink()

    assert expected == render(source, "svg", "J")


@pytest.mark.parametrize("settings", ["<fontconfig><unheard-of/></fontconfig>", None])
def test_fontconfig_is_quiet_and_other_messages_are_not(without_dot, settings):
    if settings:
        (without_dot / "fonts.conf").write_text(f"<?xml version='1.0'?>{settings}")
    source = 'digraph { a [label=<<TABLE><TR><TD>"</TABLE>>] }'
    code = f"from viz.render import render; render({source!r}, 'svg')"
    environment = {"FONTCONFIG_FILE": str(without_dot / "fonts.conf"), "PATH": str(without_dot)}

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)

    assert "Fontconfig" not in run.stderr
    assert "in label of node a" in run.stderr


def test_failing_dot_is_an_error_with_its_message(dot):
    dot.write_text("#!/bin/sh\necho 'no such font' >&2\nexit 3\n")

    with pytest.raises(GraphError, match=r"as svg.*(?s:.)*no such font"):
        render("digraph { a }", "svg")


def test_without_any_graphviz_the_error_says_what_to_install(without_dot, monkeypatch):
    monkeypatch.setitem(sys.modules, "pygraphviz", None)

    with pytest.raises(GraphError, match="pip install pygraphviz"):
        render("digraph { a }", "png")


def test_a_library_that_pygraphviz_lacks_is_named(without_dot, monkeypatch):
    package = without_dot / "pygraphviz.py"
    package.write_text("raise ImportError('libXext.so.6: cannot open shared object file')")
    monkeypatch.syspath_prepend(without_dot)
    monkeypatch.delitem(sys.modules, "pygraphviz", raising=False)

    with pytest.raises(GraphError, match=r"does not load \(libXext\.so\.6: .*put its program dot"):
        render("digraph { a }", "png")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere Thai is drawn by the system")
def test_thai_letters_without_the_list_of_words_are_an_error_and_not_the_end(without_dot, monkeypatch):
    monkeypatch.setattr("viz.render.THAI_WORDS", without_dot / "thbrk.tri")

    with pytest.raises(GraphError, match=r"for Thai letters, .*thbrk.tri: install libthai-data"):
        render('digraph { "\u0e01" }', "svg")
    assert render('digraph { "\u0e81" }', "svg")


def test_text_that_is_not_dot_is_an_error(without_dot):
    with pytest.raises(GraphError, match="could not draw"):
        render("digraph { a -> ", "svg")


def test_svg_scales_and_has_a_title_and_a_description():
    root = ElementTree.fromstring(render("digraph { a }", "svg", "the <cost>", "a & b"))

    assert root.get("width") is None
    assert root.get("viewBox")
    assert "max-width:100%" in root.get("style")
    assert root.get("role") == "img"
    assert [root[0].tag, root[0].text] == [f"{SVG}title", "the <cost>"]
    assert [root[1].tag, root[1].text] == [f"{SVG}desc", "a & b"]


def test_titles_of_edges_say_their_direction():
    red = elements(viz.draw(three_layers(), view="ops"), "bwd")

    for key, edge in red.items():
        assert edge.find(f"{SVG}title").text == key


def test_a_dot_that_fails_or_cannot_be_run_is_said_to():
    for error in (
        graphviz.CalledProcessError(1, ["dot"], stderr=b"syntax error"),
        graphviz.ExecutableNotFound(["dot"]),
    ):
        with (
            patch.object(shutil, "which", lambda name: "/usr/bin/dot"),
            patch.object(graphviz.Source, "pipe", side_effect=error),
            pytest.raises(GraphError, match="Graphviz's dot could not draw the picture as svg"),
        ):
            render("digraph {}", "svg")


@pytest.mark.parametrize("error", [ValueError("bad"), OSError("bad"), pygraphviz.DotError("bad")])
def test_what_pygraphviz_cannot_draw_is_told(without_dot, error):
    with (
        patch.object(pygraphviz.AGraph, "draw", side_effect=error),
        pytest.raises(GraphError, match=r"could not draw the picture as svg: .*bad"),
    ):
        render("digraph {}", "svg")

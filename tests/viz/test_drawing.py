"""A drawing's files, and how it shows itself."""

import os
from xml.etree import ElementTree

import pytest

import viz
from tests.viz.graphs import three_layers
from tinygraph.errors import GraphError, UserFileError

STARTS = {
    ".svg": b"<?xml",
    ".png": b"\x89PNG",
    ".pdf": b"%PDF",
    ".dot": b"digraph",
    ".html": b"<!DOCTYPE html>",
}


@pytest.fixture(scope="module")
def drawing():
    return viz.draw(three_layers())


@pytest.fixture(scope="module")
def large():
    return viz.draw(three_layers(), max_nodes=5)


@pytest.mark.parametrize("suffix", STARTS)
def test_suffix_says_the_format(drawing, suffix, tmp_path):
    path = tmp_path / f"net{suffix}"

    assert path == drawing.save(str(path))
    assert path.read_bytes().startswith(STARTS[suffix])


def test_suffix_may_be_upper_case(drawing, tmp_path):
    assert drawing.save(tmp_path / "NET.PNG").read_bytes().startswith(STARTS[".png"])


@pytest.mark.parametrize("name", ["net.gif", "net", ".svg"])
def test_unknown_suffix_is_an_error_that_lists_the_known(drawing, name, tmp_path):
    with pytest.raises(UserFileError, match=r"net|\.svg.*: its suffix .* \.svg, \.png, \.pdf, \.dot, \.html"):
        drawing.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_file_that_cannot_be_written_is_an_error(drawing, tmp_path):
    with pytest.raises(UserFileError, match=r"cannot write .*No such file"):
        drawing.save(tmp_path / "missing" / "net.dot")


def test_a_write_that_fails_leaves_the_picture_that_was_there(drawing, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    drawing.save(tmp_path / "net.dot")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserFileError, match="No space left on device"):
        drawing.save(tmp_path / "net.dot")

    assert list(tmp_path.iterdir()) == [tmp_path / "net.dot"]
    assert (tmp_path / "net.dot").read_bytes() == drawing.source.encode()


def test_notebook_is_given_svg_and_text(drawing):
    bundle = drawing._repr_mimebundle_()

    assert bundle["image/svg+xml"] == drawing.svg == drawing._repr_svg_()
    assert ElementTree.fromstring(drawing.svg).tag.endswith("svg")
    assert bundle["text/plain"] == repr(drawing) == f"<Drawing of J: {drawing.nodes} nodes>"


def test_too_many_nodes_are_an_error_but_for_dot_text(large, tmp_path):
    for suffix in (".svg", ".html"):
        with pytest.raises(GraphError, match=r"has \d+ nodes.*more than 5 .*max_nodes"):
            large.save(tmp_path / f"net{suffix}")
    assert large.save(tmp_path / "net.dot").read_text(encoding="utf-8") == large.source


def test_notebook_is_told_that_there_are_too_many_nodes(large):
    assert large._repr_mimebundle_().keys() == {"text/plain"}
    assert "more than 5" in large._repr_mimebundle_()["text/plain"]

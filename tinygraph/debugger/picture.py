"""The verdict on somebody's file as a picture: the first wrong step in amber, what it taints dashed."""

from __future__ import annotations

from pathlib import Path

from tinygraph.checks.report import Report, Row
from tinygraph.debugger.file_report import FileReport
from tinygraph.debugger.probe import Probe, cost_of

__all__ = ["save_picture"]


def save_picture(report: FileReport, probe: Probe, path: Path) -> None:
    """Draw the network that a file was tried on, with what was found wrong, and save it.

    Args:
        report: of the file.
        probe: the network.
        path: .svg, .png, .pdf or .dot.

    Raises:
        UserFileError: another suffix, or the picture cannot be written.
    """
    import viz

    names = list(dict.fromkeys(d.name for d in report.diagnoses)) or [
        row.name for row in report.rows if not row.ok
    ]
    verdicts = Report([Row(name, False, "wrong") for name in names])
    viz.draw(cost_of(probe), view="ops", highlight=verdicts if names else None).save(path)

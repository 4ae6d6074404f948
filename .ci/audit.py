"""What is installed, against the list of known weaknesses: fails on one, and says where it is out of reach.

Run by the interpreter of the environment in question; pip-audit gets one of its own and audits ours alone.
"""

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

HOME = Path(".venv-audit")


def pip_audit():
    """The report of pip-audit on this environment as JSON; None if it could not be had."""
    if not HOME.exists():
        venv.create(HOME, with_pip=True)
        subprocess.run([HOME / "bin/python", "-m", "pip", "install", "-qq", "pip-audit"], check=True)
    command = [HOME / "bin/pip-audit", "--path", sysconfig.get_path("purelib")]
    run = subprocess.run(
        [*command, "--format", "json", "--progress-spinner", "off"],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return json.loads(run.stdout)["dependencies"]
    except json.JSONDecodeError:
        print(f"Audit skipped: {run.stderr.strip().splitlines()[-1] if run.stderr.strip() else 'no answer'}")
        return None


def main():
    """0 where nothing is known, or nothing can be known; 1 where a weakness is."""
    packages = pip_audit()
    if packages is None:
        return 0
    known = [package for package in packages if "vulns" in package]
    weak = [package for package in known if package["vulns"]]
    for package in weak:
        print(package["name"], package["version"], *(found["id"] for found in package["vulns"]))
    if not known:
        print(f"Audit skipped: the list of weaknesses is out of reach, for {len(packages)} packages")
    else:
        print(f"Audited {len(known)} of {len(packages)} packages: {len(weak)} with known weaknesses")
    return bool(weak)


if __name__ == "__main__":
    sys.exit(main())

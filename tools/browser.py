"""Run the tests of the pages in Chromium: python tools/browser.py [--install]

With --install, Debian's package is installed where there is no Chromium, this is root, and there is apt-get; where that
can't be, a sentence says so, and nothing is tested. Without it, a missing browser is a failure.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The names under which distributions install it; browser/conftest.py looks for the same.
NAMES = ("chromium", "chromium-browser", "google-chrome")


def found():
    return next((path for path in map(shutil.which, NAMES) if path), None)


def installed():
    """Install the browser; return why that is not possible, nothing where it was done."""
    if not shutil.which("apt-get"):
        return "there is no apt-get to install it with"
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "only root can install it"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-qq", "--yes", "--no-install-recommends", "chromium"]):
        if subprocess.run(["apt-get", *arguments], env=environment, stdout=subprocess.DEVNULL).returncode:
            return f"apt-get {arguments[0]} failed"
    return "" if found() else "apt-get installed none"


def main(arguments):
    if arguments not in ([], ["--install"]):
        sys.exit(__doc__)
    if not found():
        why = installed() if arguments else "install Debian's package chromium, or put one on the path"
        if why:
            said = f"the pages were not tested in a browser: no Chromium was found; {why}"
            if not arguments:
                sys.exit(said)
            print(said)
            return 0
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "browser"], cwd=ROOT
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

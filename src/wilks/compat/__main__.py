"""`python -m wilks.compat script.py args`: run a script as it is, with the layers in place."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from wilks.compat import accelerate, report

USAGE = "usage: python -m wilks.compat script.py [arguments]   (or: -m module [arguments])"


def main(arguments: list[str]) -> int:
    """Run what the arguments name as Python would, then say on standard error what was served."""
    if not arguments or arguments[0] in ("-h", "--help") or arguments == ["-m"]:
        print(USAGE, file=sys.stdout if arguments[:1] in (["-h"], ["--help"]) else sys.stderr)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    accelerate()
    module = arguments[0] == "-m"
    sys.argv = arguments[1:] if module else arguments
    if not module and not Path(arguments[0]).exists():
        print(f"{arguments[0]}: no such file; {USAGE}", file=sys.stderr)
        return 2
    try:
        if module:
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        else:
            sys.path[0] = str(Path(arguments[0]).resolve().parent)
            runpy.run_path(arguments[0], run_name="__main__")
    finally:
        print(report(), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

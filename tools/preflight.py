"""Say, in one sentence each, what this machine lacks to build wilks. Runs on any Python 3.

With `--not-installed CONSTRAINTS`: what to do where pip has failed. With `--not-tested newest` or `lowest`: where it
has failed to install those versions for the tests.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile

AGAIN = "If the network failed, run it again"


def compiles_cxx20(compiler):
    """Return whether the compiler accepts a line of C++20."""
    source = "#include <concepts>\nstatic_assert(std::floating_point<double>);\nint main() {}\n"
    with tempfile.TemporaryDirectory() as folder:
        command = [compiler, "-std=c++20", "-x", "c++", "-", "-o", os.path.join(folder, "a.out")]
        return subprocess.run(command, input=source.encode(), capture_output=True).returncode == 0


def missing():
    """Return a sentence for everything that is missing."""
    sentences = []
    version = ".".join(map(str, sys.version_info[:2]))
    if sys.version_info < (3, 11):
        sentences.append(
            f"Python 3.11 or newer is needed, {sys.executable} is {version}: install a newer one and name it, "
            "as in: make PYTHON=python3.12"
        )
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        sentences.append(
            "Python's venv and ensurepip modules are missing: install them "
            f"(Debian, Ubuntu: apt install python{version}-venv)"
        )
    headers = os.path.join(sysconfig.get_path("include"), "Python.h")
    if not os.path.exists(headers):
        sentences.append(
            f"Python's C headers are missing ({headers}): install them "
            f"(Debian, Ubuntu: apt install python{version}-dev; Fedora: dnf install python3-devel)"
        )
    compiler = os.environ.get("CXX", "").split()
    candidates = compiler[:1] or ["c++", "g++", "clang++"]
    found = next((candidate for candidate in candidates if shutil.which(candidate)), None)
    if found is not None and not compiles_cxx20(found):
        sentences.append(
            f"the C++ compiler {found} does not compile C++20: a newer one is needed (GCC 11, Clang 14 or later), "
            "named as in: make CXX=g++-12"
        )
    if found is None:
        sentences.append(
            f"a C++ compiler is missing (looked for {', '.join(candidates)}): install one "
            "(Debian, Ubuntu: apt install g++; Fedora: dnf install gcc-c++; macOS: xcode-select --install)"
        )
    return sentences


def not_installed(constraints):
    """Return what to do after pip has failed; `constraints` is the file with the tested versions, if one was used."""
    version = ".".join(map(str, sys.version_info[:2]))
    if not constraints:
        return f"what wilks needs could not be installed (pip says why, above). {AGAIN}"
    return (
        f"the tested versions of what wilks needs ({constraints}) could not be installed for Python {version} "
        f"(pip says why, above). {AGAIN}. If some have no release for it, take another Python "
        "(rm -r .venv; make demo PYTHON=python3.12) or the newest versions that fit (make demo PIN=)"
    )


def not_tested(lane):
    """Return what to do after pip has failed to install the "newest" or "lowest" versions."""
    version = ".".join(map(str, sys.version_info[:2]))
    what, otherwise = {
        "newest": (
            "newest versions of what wilks needs",
            "If a package has no wheel for it yet, take another Python (make test-newest PYTHON=python3.12)",
        ),
        "lowest": (
            "lowest versions that pyproject.toml allows (.venv-lowest/lowest.txt)",
            "If one has no wheel for it, take Python 3.11 (make test-lowest PYTHON=python3.11) or raise its bound; "
            "raise one too where they exclude each other",
        ),
    }[lane]
    return f"the {what} could not be installed for Python {version} (pip says why, above). {AGAIN}. {otherwise}"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--not-installed"]:
        sys.exit("wilks is not installed: " + not_installed("".join(sys.argv[2:3])))
    if sys.argv[1:2] == ["--not-tested"]:
        sys.exit("not tested: " + not_tested(sys.argv[2]))
    problems = missing()
    for problem in problems:
        print("wilks can't be built yet: " + problem, file=sys.stderr)
    sys.exit(1 if problems else 0)

"""Say, in one sentence each, what this machine lacks to build wilks. Runs on any Python 3."""

import importlib.util
import os
import shutil
import sys
import sysconfig


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
    if not any(shutil.which(candidate) for candidate in candidates):
        sentences.append(
            f"a C++ compiler is missing (looked for {', '.join(candidates)}): install one "
            "(Debian, Ubuntu: apt install g++; Fedora: dnf install gcc-c++; macOS: xcode-select --install)"
        )
    return sentences


if __name__ == "__main__":
    problems = missing()
    for problem in problems:
        print("wilks can't be built yet: " + problem, file=sys.stderr)
    sys.exit(1 if problems else 0)

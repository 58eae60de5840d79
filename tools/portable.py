"""Compile the engine for every platform that has wheels, with the Clang of the package `ziglang`; nothing is run.

python tools/portable.py [TARGET ...]

What is compiled are the headers of src/wilks/engine without the bindings, which need the headers of that platform's
Python. A warning is an error.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ENGINE = Path(__file__).resolve().parents[1] / "src" / "wilks" / "engine"
TARGETS = ("x86_64-linux-gnu", "aarch64-linux-gnu", "x86_64-macos", "aarch64-macos", "x86_64-windows-gnu")
# As in CMakeLists.txt.
OPTIONS = ["-std=c++20", "-O3", "-ffp-contract=off", "-fno-fast-math", "-fno-math-errno"]
WARNINGS = ["-Wall", "-Wextra", "-Wno-psabi", "-Werror"]


def source():
    """Return C++ that includes every header without Python."""
    headers = sorted(path.name for path in ENGINE.glob("*.hpp") if path.name != "python.hpp")
    return "".join(f'#include "{name}"\n' for name in headers)


def compiles(target, folder):
    """Return whether the engine compiles for a target; the compiler says what does not."""
    unit = Path(folder) / "engine.cpp"
    unit.write_text(source())
    compiler = [sys.executable, "-m", "ziglang", "c++", "-target", target]
    files = [f"-I{ENGINE}", "-c", str(unit), "-o", str(unit.with_suffix(".o"))]
    return subprocess.run([*compiler, *OPTIONS, *WARNINGS, *files]).returncode == 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        failed = []
        for name in sys.argv[1:] or TARGETS:
            print(f"engine for {name}", flush=True)
            if not compiles(name, temporary):
                failed.append(name)
    sys.exit(f"the engine does not compile for {', '.join(failed)}" if failed else 0)

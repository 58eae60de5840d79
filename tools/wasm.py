"""Build the engine's WebAssembly module, or see whether the one in the package is what the sources give.

python tools/wasm.py [--check]

Needs the version of `ziglang` that tools/constraints.txt pins: another compiler makes other bytes. The first build
makes the C++ library too, a minute of processor time; it is kept in build/zig. Beside the module stands a digest of
what it was made from, so that tests see without a compiler whether it is that of the sources.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = "src/wilks/engine/wasm.cpp"
MODULE = ROOT / "src" / "wilks" / "reporting" / "assets" / "engine.wasm"
DIGEST = MODULE.with_suffix(".sha256")
# As the engine is compiled for Python (CMakeLists.txt): no contraction into fused multiply-adds, no reordering of sums.
FLAGS = [
    *("-target", "wasm32-wasi", "-mexec-model=reactor", "-msimd128", "-std=c++20", "-O2", "-flto", "-s"),
    *("-ffp-contract=off", "-fno-math-errno", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-Werror"),
]


def pinned():
    """Return the version of the compiler that the module is built with."""
    constraints = (ROOT / "tools" / "constraints.txt").read_text(encoding="utf-8")
    return re.search(r"^ziglang==(\S+)$", constraints, re.MULTILINE)[1]


def digest():
    """Return what the module depends on: sources, compiler and flags, as one digest."""
    found = hashlib.sha256(f"{pinned()} {' '.join(FLAGS)}".encode())
    folder = ROOT / "src" / "wilks" / "engine"
    for path in sorted([*folder.glob("*.hpp"), ROOT / SOURCE]):
        if path.name != "python.hpp":
            found.update(f"\0{path.name}\0".encode() + path.read_bytes())
    return found.hexdigest()


def build(target):
    """Compile the module; sys.exit with a sentence where the compiler is not the right one or fails."""
    try:
        version = metadata.version("ziglang")
    except metadata.PackageNotFoundError:
        version = "none"
    if version != pinned():
        sys.exit(f"tools/wasm.py needs ziglang {pinned()}, found {version}: pip install ziglang=={pinned()}")
    cache = str(ROOT / "build" / "zig")
    environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
    command = [sys.executable, "-m", "ziglang", "c++", *FLAGS, "-o", str(target), SOURCE]
    if subprocess.run(command, cwd=ROOT, env=environment).returncode:
        sys.exit("tools/wasm.py: the engine does not compile")


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "engine.wasm"
        build(made)
        if not arguments:
            MODULE.write_bytes(made.read_bytes())
            DIGEST.write_text(f"{digest()}\n", encoding="utf-8")
            print(f"{MODULE.relative_to(ROOT)}: {MODULE.stat().st_size} bytes")
        elif made.read_bytes() != MODULE.read_bytes():
            sys.exit(f"{MODULE.relative_to(ROOT)} is not what the sources give: make wasm")


if __name__ == "__main__":
    main(sys.argv[1:])

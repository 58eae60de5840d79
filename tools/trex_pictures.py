"""Pictures of the page "Coming from TRExFitter": its example FitExampleNtuple, by the commands that wilks prints.

    python tools/trex_pictures.py FitExampleNtuple.config docs/images

The configuration and its input (`test/configs`, `test/inputs/Ntuple`) are TRExFitter's own; run this where paths in the
configuration hold. Commands write to a folder of their own, and pictures are made small.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from wilks.trexfitter.importing import import_trex

_WIDTH, _COLOURS = 560, 48
_PICTURES = {"data_mc": "figures/data_mc_*6j*_postfit.png", "pulls": "pulls.png", "ranking": "ranking.png"}


def main(configuration: str, folder: str) -> None:
    """Write `trex_data_mc.png`, `trex_pulls.png` and `trex_ranking.png` to a folder."""
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        (made / "config.yml").write_text(import_trex(configuration).text)
        _run(["wilks", "workspace", str(made / "config.yml"), "-o", str(made / "config.json")], Path.cwd())
        for command in import_trex(configuration).commands[1:]:
            words = [word.replace(".pdf", ".png") for word in shlex.split(command.line)]
            _run([*words, "--rows", "10"] if words[:2] == ["wilks", "plot"] else words, made)
        for picture, pattern in _PICTURES.items():
            _small(next(made.glob(pattern)), Path(folder) / f"trex_{picture}.png")


def _run(words: list[str], where: Path) -> None:
    subprocess.run([sys.executable, "-m", *words], cwd=where, check=True, stdout=subprocess.DEVNULL)


def _small(source: Path, target: Path) -> None:
    with Image.open(source) as picture:
        size = (_WIDTH, picture.height * _WIDTH // picture.width)
        picture.convert("RGB").resize(size, Image.Resampling.LANCZOS).quantize(_COLOURS).save(target, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

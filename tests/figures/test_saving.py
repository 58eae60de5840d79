import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from tests.figures.records import make_prediction

from wilks import figures
from wilks.errors import InputError


def test_equal_figures_are_equal_files(tmp_path: Path) -> None:
    written = []
    for folder in ("one", "two"):
        figure = figures.data_mc(make_prediction(), channel="4j1b CR")
        written.append(figures.save(figure, tmp_path / folder / "4j1b.CR", formats=("pdf", "png", "svg")))
    assert [path.name for path in written[0]] == ["4j1b.CR.pdf", "4j1b.CR.png", "4j1b.CR.svg"]
    assert [path.read_bytes() for path in written[0]] == [path.read_bytes() for path in written[1]]
    assert written[0][0].read_bytes().startswith(b"%PDF")


def test_unknown_format_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'written as "pgn".*did you mean "png"'):
        figures.save(Figure(), tmp_path / "x", formats=("pdf", "pgn"))
    assert list(tmp_path.iterdir()) == []


def test_unwritable_place_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="can't be written"):
        figures.save(Figure(), tmp_path / "file" / "x")


def test_what_is_not_needed_is_not_imported() -> None:
    script = (
        "import sys, tempfile, wilks\n"
        "figure = wilks.figures.pulls(wilks.fit(wilks.compile_model(wilks.examples.measurement())))\n"
        "wilks.figures.save(figure, tempfile.mkdtemp() + '/pulls')\n"
        "print('matplotlib.pyplot' in sys.modules, 'fontTools.ttLib' in sys.modules)\n"
        "from fontTools import subset\n"
        "print(subset.Options.__name__, 'fontTools.ttLib' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "Options", "True"]

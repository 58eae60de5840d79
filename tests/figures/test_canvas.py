import subprocess
import sys

import matplotlib as mpl
from tests.figures.records import make_prediction

from wilks import figures
from wilks.figures.canvas import Figures


def test_importing_figures_does_not_import_matplotlib() -> None:
    code = "import sys, wilks.figures; assert not {'matplotlib', 'mplhep', 'scipy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nothing_global_is_left() -> None:
    import matplotlib.pyplot as plt

    before = dict(mpl.rcParams)
    kept = [figures.data_mc(make_prediction(), channel="4j1b CR", style="CMS") for _ in range(2)]
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before
    assert len(kept) == 2


def test_figures_keep_their_settings_when_drawn_later() -> None:
    figure = figures.data_mc(make_prediction(), channel="4j1b CR")
    first = figure._repr_png_()
    with mpl.rc_context({"font.family": "monospace", "text.usetex": True}):
        assert figure._repr_png_() == first


def test_notebook_shows_figures() -> None:
    drawn = figures.data_mc(make_prediction())
    assert isinstance(drawn, Figures)
    assert drawn._repr_html_().count("data:image/png;base64,") == 2
    assert drawn["4j1b CR"]._repr_png_().startswith(b"\x89PNG")

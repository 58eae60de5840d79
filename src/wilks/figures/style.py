"""Styles (plain, ATLAS, CMS), colours, names and numbers as matplotlib should draw them, the figure of given axes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wilks.errors import InputError, nearest
from wilks.histogram import Axis
from wilks.tlatex import mathtext

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLES = ("plain", "ATLAS", "CMS")

# M. A. Petroff, arXiv:2107.02270: ten colours that stay distinct for colour-blind readers.
PETROFF10 = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)

_FONT = "TeX Gyre Heros"
_TICKS: dict[str, Any] = {
    "direction": "in",
    "color": "black",
    "major.width": 0.8,
    "minor.width": 0.6,
    "minor.visible": True,
}
_TICKS_AT = ("xtick.{}top", "xtick.{}bottom", "ytick.{}left", "ytick.{}right")
# Every setting that a figure depends on has its value here: the defaults of matplotlib and mplhep change. (But
# "mathtext.default": "normal", its value since matplotlib 3.11, was called "it" before, which now is something else.)
_COMMON: dict[str, Any] = {
    "font.family": [_FONT, "DejaVu Sans"],
    "mathtext.fontset": "custom",
    "mathtext.rm": "TeX Gyre Heros",
    "mathtext.it": "TeX Gyre Heros:italic",
    "mathtext.bf": "TeX Gyre Heros:bold",
    "mathtext.sf": "TeX Gyre Heros",
    "mathtext.cal": "TeX Gyre Heros:italic",
    "mathtext.tt": "DejaVu Sans Mono",
    "mathtext.fallback": "stixsans",
    "text.hinting": "default",
    "text.color": "black",
    "axes.prop_cycle": f"cycler('color', {list(PETROFF10)})",
    "axes.unicode_minus": True,
    # No common factor or difference beside an axis, where it is missed or lies on a title (see `shorten_numbers`).
    "axes.formatter.limits": (-99, 99),
    "axes.formatter.useoffset": False,
    "axes.facecolor": "white",
    "axes.edgecolor": "black",
    "axes.labelcolor": "black",
    "axes.ymargin": 0.05,
    "axes.grid": False,
    "xaxis.labellocation": "right",
    "yaxis.labellocation": "top",
    "figure.facecolor": "white",
    "figure.dpi": 100,
    "hatch.color": "black",
    "hatch.linewidth": 0.7,
    "image.cmap": "viridis",
    "patch.linewidth": 1.0,
    "errorbar.capsize": 0.0,
    "legend.frameon": False,
    "legend.numpoints": 1,
    "savefig.dpi": 200,
    "savefig.transparent": False,
    "svg.hashsalt": "wilks",
    **{f"{axis}tick.{key}": value for axis in "xy" for key, value in _TICKS.items()},
    **{side.format(part): True for side in _TICKS_AT for part in ("", "major.", "minor.")},
}
# What the styles differ in: plain, ATLAS, CMS.
_BY_STYLE: dict[str, tuple[Any, Any, Any]] = {
    "font.size": (12, 14, 26),
    "axes.labelsize": ("large", "x-large", "medium"),
    "axes.titlesize": ("large", "xx-large", "large"),
    "axes.linewidth": (0.9, 1, 2),
    "axes.labelpad": (4, 10, 4),
    "axes.xmargin": (0.05, 0, 0.05),
    "axes.axisbelow": ("line", False, "line"),
    "axes.autolimit_mode": ("data", "round_numbers", "data"),
    "axes.formatter.use_mathtext": (False, True, False),
    "xtick.labelsize": ("medium", "large", "small"),
    "ytick.labelsize": ("medium", "large", "small"),
    # So that the first number of the y axis stays clear of that of the x axis.
    "xtick.major.pad": (6, 8, 13),
    "xtick.major.size": (6, 5, 12),
    "xtick.minor.size": (3, 3, 6),
    "ytick.major.size": (6, 14, 12),
    "ytick.minor.size": (3, 7, 6),
    "lines.linewidth": (1.5, 2, 1.5),
    "lines.markersize": (5, 8, 6),
    "legend.fontsize": ("medium", "medium", "small"),
    "legend.title_fontsize": (None, "medium", None),
    "legend.labelspacing": (0.5, 0.3, 0.5),
    "legend.handlelength": (2, 2, 1.5),
    "legend.borderpad": (0.4, 1, 0.5),
    "figure.figsize": ((6.4, 4.8), (8.0, 6.0), (10.0, 10.0)),
    "figure.subplot.left": (0.125, 0.16, 0.125),
    "figure.subplot.right": (0.9, 0.95, 0.9),
    "figure.subplot.bottom": (0.11, 0.16, 0.11),
    "figure.subplot.top": (0.88, 0.93, 0.88),
}

# Figures with a line of text per parameter: the same small fonts in every style.
_COMPACT: dict[str, Any] = {
    "font.size": 10,
    "axes.labelsize": 11,
    "axes.linewidth": 0.9,
    "axes.labelpad": 3,
    "xtick.labelsize": 9,
    "ytick.labelsize": 10,
    "xtick.major.size": 4,
    "xtick.minor.size": 2,
    "ytick.major.size": 4,
    "ytick.minor.size": 2,
    "xtick.major.pad": 3.5,
    "lines.markersize": 4,
}
# Width and height in inches of figures with one panel.
PANEL = {"plain": (6.0, 4.6), "ATLAS": (7.6, 5.8), "CMS": (10.0, 8.4)}
_WEIGHT = {"plain": 1.0, "ATLAS": 1.2, "CMS": 1.8}
_SIDES = re.compile(r" ?\+([\d.]+(?:e[+-]?\d+)?|\?) −([\d.]+(?:e[+-]?\d+)?|\?)")
_NEGATIVE = re.compile(r"(?<![\w-])-(?=[\d?])")
_LONGEST, _MARGIN = 1000, 300
# Characters in a line of a name, and after which it may be broken.
WIDTH, _BREAKS = 80, " _-/.,:;)]"
TITLE = 40  # characters in a line of the title of an axis
# Characters of a name with formulas; calls that a figure may be away from where names are looked at.
_PIECES = re.compile(r"\$[^$]*\$|\\\$|.")


@dataclass(frozen=True)
class FigureStyle:
    """How figures look: `name` is "plain", "ATLAS" or "CMS"; the rest is text above the frame.

    `status` is for example "Internal" or "Preliminary", `energy` "13 TeV", `luminosity` "140 fb$^{-1}$". The name of an
    experiment has "Work in progress" beside it where no status is given; it stands alone only with the status "paper",
    for what the experiment publishes. Raises InputError for an unknown name.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> style = wilks.figures.FigureStyle("CMS", status="Preliminary", energy="13 TeV", luminosity="138 fb$^{-1}$")
    >>> figure = wilks.figures.pulls(wilks.fit(model), style=style)
    """

    name: str = "plain"
    status: str = ""
    energy: str = ""
    luminosity: str = ""

    def __post_init__(self) -> None:
        if self.name not in STYLES:
            raise InputError(
                f'there is no figure style "{self.name}"; allowed are {", ".join(STYLES)}{nearest(self.name, STYLES)}'
            )

    @property
    def beside(self) -> str:
        """What stands beside the name of the experiment, or where it would stand."""
        return "" if self.status == "paper" else self.status or ("Work in progress" if self.name != "plain" else "")

    @property
    def beam(self) -> str:
        """The line with energy and luminosity, as mathtext, after the experiment's convention."""
        if self.name == "CMS" and self.energy and self.luminosity:
            return f"{self.luminosity} ({self.energy})"
        energy = rf"$\sqrt{{s}}$ = {self.energy}" if self.energy else ""
        return ", ".join(text for text in (energy, self.luminosity) if text)


def as_style(style: str | FigureStyle) -> FigureStyle:
    """Return the style of this name, or the style itself."""
    return style if isinstance(style, FigureStyle) else FigureStyle(style)


def settings(style: FigureStyle) -> dict[str, Any]:
    """Return the matplotlib settings (rcParams) of a style."""
    _add_font()
    place = STYLES.index(style.name)
    return _COMMON | {key: values[place] for key, values in _BY_STYLE.items()}


def _add_font() -> None:
    """Make the font of all figures known, which mplhep brings, so that they look alike on every machine."""
    from matplotlib.font_manager import fontManager

    if any(font.name == _FONT for font in fontManager.ttflist):
        return
    import mplhep_data

    for file in sorted(Path(mplhep_data.__file__).parent.glob("fonts/texgyreheros/*.otf")):
        fontManager.addfont(file)
    if not any(font.name == _FONT for font in fontManager.ttflist):  # it stands elsewhere, with dozens of others
        import mplhep  # noqa: F401


def compact(style: FigureStyle, **changes: Any) -> dict[str, Any]:
    """Return the settings of a style with the small fonts of figures that have a line of text per parameter.

    `changes` are further settings, with _ in place of the dots.
    """
    return settings(style) | _COMPACT | {key.replace("_", "."): value for key, value in changes.items()}


def weight(style: FigureStyle) -> float:
    """Return how much wider lines, and larger symbols, are than in the plain style: in proportion to the fonts."""
    return _WEIGHT[style.name]


def signed(text: str) -> str:
    """Return text with a minus sign before negative numbers, in place of the hyphen.

    >>> signed("-0.03 ± 0.15 (b-tag 1)")
    '−0.03 ± 0.15 (b-tag 1)'
    """
    return _NEGATIVE.sub("−", text)


def stacked(text: str) -> str:
    r"""Return a measured value with the uncertainties up and down above each other.

    >>> stacked("-1.03 +0.08 -0.07 (stat.)")
    '−1.03$^{\\,+0.08}_{\\,-0.07}$ (stat.)'
    """
    return _SIDES.sub(r"$^{\,+\1}_{\,-\2}$", signed(text))


def label(text: str, width: int = WIDTH) -> str:
    r"""Return a name as matplotlib may draw it: valid `$...$` stays mathtext, any other `$` is literal.

    What ROOT writes in TLatex (`H_{T}`, `#eta`) becomes mathtext. A longer name than `width` characters, of which a
    formula counts as one, is broken into lines, where there is a blank or a sign between words if possible.

    >>> label("staterror_4j1b-CR[0]"), label("5 $")
    ('staterror_4j1b-CR[0]', '5 \\$')
    >>> label("JET_EtaIntercalibration_NonClosure", 24)
    'JET_EtaIntercalibration_\nNonClosure'
    """
    return "\n".join(_wrapped(_pieces(text), width))


def _pieces(text: str) -> list[str]:
    """Return a name as matplotlib may draw it, in pieces that can't be cut: characters, and formulas."""
    text = " ".join(text.split())
    formula = mathtext(text)
    if "$" in formula and _is_mathtext(formula):
        return _PIECES.findall(formula)
    return [r"\$" if character == "$" else character for character in text]


def _wrapped(pieces: list[str], width: int) -> list[str]:
    """Return lines of nearly equal length from pieces (characters and formulas)."""
    found = []
    while len(pieces) > width:
        most = -(-len(pieces) // -(-len(pieces) // width))
        ends = [i for i in range(most // 2, width + 1) if pieces[i - 1] in _BREAKS or pieces[i] == " "]
        end = min(ends, key=lambda i: abs(i - most), default=most)
        found.append("".join(pieces[:end]).strip())
        pieces = pieces[end:]
        while pieces and pieces[0] == " ":
            pieces = pieces[1:]
    return [*found, "".join(pieces)]


def _is_mathtext(text: str) -> bool:
    from matplotlib.mathtext import MathTextParser

    if (text.count("$") - text.count(r"\$")) % 2 or len(text) > _LONGEST:
        return False

    def parsed(deeper: int) -> None:
        if deeper:
            parsed(deeper - 1)
        else:
            MathTextParser("path").parse(text)

    try:
        parsed(_MARGIN)  # formulas inside each other take Python's stack, of which less is left when a figure is drawn
    except (ValueError, RecursionError):
        return False
    return True


def axis_title(axis: Axis, fallback: str) -> str:
    """Return the title of the x axis with its unit: `H_T [GeV]`."""
    title = axis.label or fallback
    return title if not axis.unit or title.rstrip().endswith("]") else f"{title} [{axis.unit}]"


def sample_colors(samples: Iterable[str], chosen: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return one colour per sample: the chosen one, else the next of `PETROFF10` (lighter in each further round)."""
    from matplotlib.colors import to_hex, to_rgb

    colors = {}
    for i, sample in enumerate(dict.fromkeys(samples)):
        keep = 0.55 ** (i // len(PETROFF10))
        red, green, blue = (1 - keep * (1 - part) for part in to_rgb(PETROFF10[i % len(PETROFF10)]))
        colors[sample] = to_hex((red, green, blue))
    unknown = [sample for sample in chosen or {} if sample not in colors]
    if unknown:
        raise InputError(
            [f'colors: there is no sample "{name}" in this prediction{nearest(name, colors)}' for name in unknown]
        )
    return colors | dict(chosen or {})


def figure_of(ax: Axes) -> Figure:
    """Return the figure that axes belong to. Raises InputError where there is none."""
    part: Any = ax.figure  # of a figure, or the whole; not `get_figure(root=True)`, which matplotlib 3.10 brought
    if part is None:
        raise InputError("ax: the axes belong to no figure")
    figure: Figure = part.figure
    return figure

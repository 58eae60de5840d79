"""Styles (plain, ATLAS, CMS), colours, names made safe for matplotlib, and the figure of given axes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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

_COMMON: dict[str, Any] = {
    "font.family": ["TeX Gyre Heros", "DejaVu Sans"],
    "mathtext.fontset": "custom",
    "mathtext.rm": "TeX Gyre Heros",
    "mathtext.it": "TeX Gyre Heros:italic",
    "mathtext.bf": "TeX Gyre Heros:bold",
    "mathtext.sf": "TeX Gyre Heros",
    "mathtext.cal": "TeX Gyre Heros:italic",
    "mathtext.tt": "DejaVu Sans Mono",
    "mathtext.fallback": "stixsans",
    "axes.unicode_minus": True,
    "axes.formatter.limits": (-4, 6),
    "hatch.linewidth": 0.7,
    "svg.hashsalt": "wilks",
    "savefig.dpi": 200,
}
_PLAIN: dict[str, Any] = {
    "font.size": 12,
    "axes.labelsize": "large",
    "axes.linewidth": 0.9,
    "xaxis.labellocation": "right",
    "yaxis.labellocation": "top",
    "legend.frameon": False,
    "legend.fontsize": "medium",
    "lines.markersize": 5,
    **{
        f"{axis}tick.{key}": value
        for axis in "xy"
        for key, value in {"direction": "in", "minor.visible": True, "major.size": 6, "minor.size": 3}.items()
    },
    "xtick.top": True,
    "ytick.right": True,
}


@dataclass(frozen=True)
class FigureStyle:
    """How figures look: `name` is "plain", "ATLAS" or "CMS"; the rest is text beside the experiment's name.

    `status` is for example "Internal" or "Preliminary", `energy` "13 TeV", `luminosity` "140 fb$^{-1}$"; empty
    texts are left out. Raises InputError for an unknown name.
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
    def beam(self) -> str:
        """The line with energy and luminosity, as mathtext."""
        energy = rf"$\sqrt{{s}}$ = {self.energy}" if self.energy else ""
        return ", ".join(text for text in (energy, self.luminosity) if text)


def as_style(style: str | FigureStyle) -> FigureStyle:
    """Return the style of this name, or the style itself."""
    return style if isinstance(style, FigureStyle) else FigureStyle(style)


def settings(style: FigureStyle) -> dict[str, Any]:
    """Return the matplotlib settings (rcParams) of a style."""
    # mplhep also brings the font of all three styles, so figures look alike on every machine.
    import mplhep

    if style.name == "plain":
        return _PLAIN | _COMMON
    base = {key: value for key, value in getattr(mplhep.style, style.name).items() if not key.startswith("mathtext")}
    return base | _COMMON


def label(text: str, limit: int = 48) -> str:
    r"""Return a name as matplotlib may draw it: valid `$...$` stays mathtext, any other `$` is literal.

    What ROOT writes in TLatex (`H_{T}`, `#eta`) becomes mathtext. A longer name than `limit` loses its middle, so that
    names that differ at the end stay different.

    >>> label("staterror_4j1b-CR[0]"), label("5 $")
    ('staterror_4j1b-CR[0]', '5 \\$')
    """
    text = " ".join(text.split())
    formula = mathtext(text)
    if "$" in formula and _is_mathtext(formula):
        return formula
    if len(text) > limit:
        head = (limit - 1) * 2 // 3
        text = f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"
    return text.replace("$", r"\$")


def _is_mathtext(text: str) -> bool:
    from matplotlib.mathtext import MathTextParser

    if (text.count("$") - text.count(r"\$")) % 2:
        return False
    try:
        MathTextParser("path").parse(text)
    except ValueError:
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
    figure = ax.figure.get_figure(root=True)
    if figure is None:
        raise InputError("ax: the axes belong to no figure")
    return figure

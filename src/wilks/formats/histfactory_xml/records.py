"""What a HistFactory description says, as records: each knows the file and line where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Constraint = Literal["normal", "poisson"]


@dataclass(frozen=True)
class HistogramName:
    """Where a histogram is: file and folder as written, its name; `where` is the line that asks for it."""

    file: str
    path: str
    name: str
    where: str


@dataclass(frozen=True)
class NormFactor:
    """A free factor with start and range."""

    name: str
    value: float
    low: float
    high: float
    const: bool
    where: str


@dataclass(frozen=True)
class OverallSys:
    """Factors at alpha = -1 and +1."""

    name: str
    low: float
    high: float
    where: str


@dataclass(frozen=True)
class HistoSys:
    """Histograms at alpha = -1 and +1."""

    name: str
    low: HistogramName
    high: HistogramName
    where: str


@dataclass(frozen=True)
class ShapeSys:
    """Relative uncertainties of the bins, one parameter for each."""

    name: str
    histogram: HistogramName
    constraint: Constraint
    where: str


@dataclass(frozen=True)
class ShapeFactor:
    """A free factor for each bin, perhaps constant, perhaps with starts from a histogram."""

    name: str
    histogram: HistogramName | None
    const: bool
    where: str


@dataclass(frozen=True)
class HistoFactor:
    """An element that ROOT reads over."""

    name: str
    where: str


@dataclass(frozen=True)
class StatError:
    """Statistical uncertainties are on; from a histogram of relative ones, else from the errors of the sample."""

    histogram: HistogramName | None
    where: str


@dataclass(frozen=True)
class Sample:
    """A sample with its modifiers in their order."""

    name: str
    histogram: HistogramName
    by_theory: bool | None
    modifiers: tuple[NormFactor | OverallSys | HistoSys | ShapeSys | ShapeFactor | HistoFactor | StatError, ...]
    where: str


@dataclass(frozen=True)
class Data:
    """Observed counts; those with a name are further data sets."""

    name: str
    histogram: HistogramName
    where: str


@dataclass(frozen=True)
class Channel:
    """A channel file."""

    name: str
    data: tuple[Data, ...]
    constraint: Constraint
    threshold: float
    samples: tuple[Sample, ...]
    where: str


@dataclass(frozen=True)
class Function:
    """A function of parameters; of each dependent its name and, where declared, start, low and high."""

    name: str
    expression: str
    dependents: tuple[tuple[str, tuple[float, float, float] | None], ...]
    where: str


@dataclass(frozen=True)
class ParamSetting:
    """Parameters that are constant, or start at a value."""

    names: tuple[str, ...]
    const: bool
    value: float | None
    where: str


@dataclass(frozen=True)
class ConstraintTerm:
    """Systematics whose constraint is not the default."""

    kind: str
    relative: float
    names: tuple[str, ...]
    where: str


@dataclass(frozen=True)
class Measurement:
    """A measurement: luminosity, parameters of interest, settings, constraints."""

    name: str
    lumi: float
    lumi_relative_error: float
    pois: tuple[str, ...]
    settings: tuple[ParamSetting, ...]
    terms: tuple[ConstraintTerm, ...]
    asimovs: tuple[str, ...]
    idle: tuple[str, ...]
    where: str


@dataclass(frozen=True)
class Combination:
    """The top file, and its channels once they are read."""

    inputs: tuple[tuple[str, str], ...]
    functions: tuple[Function, ...]
    measurements: tuple[Measurement, ...]
    channels: tuple[Channel, ...] = ()
    files: tuple[Path, ...] = field(default=())

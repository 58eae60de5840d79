"""The workspace document as typed records: that of pyhf (schema 1.0.0), and what a model may say beyond it.

Each thing that pyhf takes from the type of a modifier is a field here whose default is pyhf's choice. Such a field is
None, and absent from the document, where it isn't used: a document without any is pyhf's, byte for byte (see
`extensions`). Numbers stay as they were spelled (1 or 1.0), so that a document that is read and written again is the
same document.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Number: TypeAlias = int | float
NormSysCode: TypeAlias = Literal["code0", "code1", "code2", "code4", "code5", "combine"]
HistoSysCode: TypeAlias = Literal["code0", "code1", "code2", "code4p", "code5"]
GammaConstraint: TypeAlias = Literal["normal", "poisson"]
ConstraintKind: TypeAlias = Literal["none", "normal", "poisson"]


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all records of the document: frozen, no extra keys, nothing written of what isn't there."""


class HistoSysData(Spec, frozen=True):
    """Absolute yields at alpha = -1 and +1."""

    lo_data: list[Number]
    hi_data: list[Number]


class NormSysData(Spec, frozen=True):
    """Factors at alpha = -1 and +1."""

    lo: Number
    hi: Number


class HistoSys(Spec, frozen=True, tag_field="type", tag="histosys"):
    """Correlated shape variation; without an `interpolation` of its own it has the model's."""

    name: str
    data: HistoSysData
    interpolation: HistoSysCode | None = None


class NormSys(Spec, frozen=True, tag_field="type", tag="normsys"):
    """Normalisation uncertainty; without an `interpolation` of its own it has the model's."""

    name: str
    data: NormSysData
    interpolation: NormSysCode | None = None


class NormFactor(Spec, frozen=True, tag_field="type", tag="normfactor"):
    """Free scale factor."""

    name: str
    data: None


class ShapeFactor(Spec, frozen=True, tag_field="type", tag="shapefactor"):
    """Free factor per bin."""

    name: str
    data: None


class ShapeSys(Spec, frozen=True, tag_field="type", tag="shapesys"):
    """Uncorrelated shape uncertainty (absolute, per bin), Poisson-constrained unless `constraint` is "normal".

    Those of one name that are all `shared` have one parameter per bin together.
    """

    name: str
    data: list[Number]
    constraint: GammaConstraint | None = None
    shared: bool | None = None


class StatError(Spec, frozen=True, tag_field="type", tag="staterror"):
    """Statistical uncertainty of the simulation (absolute, per bin), shared by the samples of a channel.

    Normal-constrained unless `constraint` is "poisson". Bins whose relative uncertainty is below `threshold` are
    constant. With the `effect` "added" each bin has a standard normal parameter times the root of the sum of squares of
    the uncertainties, each multiplied by its sample's scalar factors; that is added to the rate.
    """

    name: str
    data: list[Number]
    constraint: GammaConstraint | None = None
    threshold: Number | None = None
    effect: Literal["factor", "added"] | None = None


class Lumi(Spec, frozen=True, tag_field="type", tag="lumi"):
    """Luminosity factor; its constraint stands in the measurement."""

    name: str
    data: None


Modifier: TypeAlias = HistoSys | NormSys | NormFactor | ShapeFactor | ShapeSys | StatError | Lumi


class Morphing(Spec, frozen=True):
    """What becomes of the yields that histosys variations give, in this order.

    With `logarithms` it is the logarithms of yields that are interpolated and added; `keep_sum` then scales the yields
    to the sum of the nominal ones; none is left below `floor`; `normalise` scales once more.
    """

    logarithms: bool | None = None
    keep_sum: bool | None = None
    floor: Number | None = None
    normalise: bool | None = None


class Sample(Spec, frozen=True):
    """One process in one channel: nominal yields per bin and what deforms them."""

    name: str
    data: list[Number]
    modifiers: list[Modifier]
    morphing: Morphing | None = None


class Channel(Spec, frozen=True):
    """Bins that are fitted together."""

    name: str
    samples: list[Sample]


class Observation(Spec, frozen=True):
    """Observed counts of one channel."""

    name: str
    data: list[Number]


class ParameterSettings(Spec, frozen=True):
    """What a measurement says about one parameter (set); absent entries keep the modifier's defaults.

    `constraint` is "normal" (centre `auxdata`, width `sigmas`; below the centre `lower_sigmas` where there are any),
    "poisson" (`auxdata` events where `factors` times the parameter are expected) or "none". `fixed` is for all
    components, or has an entry for each. `constraint`, `lower_sigmas` and a list of `fixed` are beyond pyhf.
    """

    name: str
    inits: list[Number] | None = None
    bounds: list[list[Number]] | None = None
    auxdata: list[Number] | None = None
    factors: list[Number] | None = None
    sigmas: list[Number] | None = None
    fixed: bool | list[bool] | None = None
    constraint: ConstraintKind | None = None
    lower_sigmas: list[Number] | None = None


class Correlation(Spec, frozen=True):
    """Scalar parameters whose normal constraints are correlated, and the matrix of their correlations."""

    parameters: list[str]
    matrix: list[list[Number]]


class MeasurementConfig(Spec, frozen=True):
    """Parameter of interest ("" for none) and parameter settings; several of interest are `pois`, `poi` first.

    With `clip`, yields of a sample that variations bring below 0 are 0.
    """

    poi: str
    parameters: list[ParameterSettings]
    pois: list[str] | None = None
    correlations: list[Correlation] | None = None
    clip: bool | None = None

    @property
    def of_interest(self) -> tuple[str, ...]:
        """All parameters of interest, `poi` first."""
        return tuple(self.pois) if self.pois else (self.poi,) * bool(self.poi)


class Measurement(Spec, frozen=True):
    """A named set of parameter settings."""

    name: str
    config: MeasurementConfig


class DataSet(Spec, frozen=True):
    """Counts of all channels under a name, to be fitted in place of `observations`."""

    name: str
    observations: list[Observation]


class Group(Spec, frozen=True):
    """Parameters that belong together, by the names of their modifiers."""

    name: str
    parameters: list[str]


class Function(Spec, frozen=True):
    """A value computed from scalar parameters and other functions; it steers the modifiers that have its name.

    `parameters` are what `@0`, `x[0]` and so on of the expression mean. The value of a `penalty` is added to the
    negative log-likelihood.
    """

    name: str
    expression: str
    parameters: list[str] | None = None
    penalty: bool | None = None


class Mask(Spec, frozen=True):
    """Bins of a channel (from 0), or without `bins` the whole of it, that the likelihood leaves out."""

    channel: str
    bins: list[int] | None = None


class Document(Spec, frozen=True):
    """The whole workspace."""

    channels: list[Channel]
    observations: list[Observation]
    measurements: list[Measurement]
    version: str
    data_sets: list[DataSet] | None = None
    groups: list[Group] | None = None
    functions: list[Function] | None = None
    masks: list[Mask] | None = None

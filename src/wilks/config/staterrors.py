"""Which parameters describe the statistical uncertainty of the templates in a region."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from wilks.config.schema import General, Region, Sample, Staterror, staterror_name

GAUSSIAN = "_gaussian"


def staterror_of(general: General, region: Region) -> Staterror:
    """Return what holds in a region: its own block, else that of the whole analysis, else the defaults."""
    return region.staterror or general.staterror or Staterror()


def sample_staterror(region: str, sample: str) -> str:
    """Return the name of the parameters that belong to one sample in one region.

    >>> sample_staterror("4j2b SR", "W jets")
    'staterror_4j2b-SR_W-jets'
    """
    return f"{staterror_name(region)}_{sample.replace(' ', '-')}"


def staterrors_of(
    staterror: Staterror, region: str, samples: Iterable[str], separate: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the names of all parameters that a region may get; with `PoissonBelow` the yields decide which it gets.

    Those of `samples` that are `separate` have their own.
    """
    samples = list(samples)
    apart = [sample for sample in samples if staterror.per_sample or sample in separate]
    own = tuple(sample_staterror(region, sample) for sample in apart)
    sharing = [sample_staterror(region, sample) for sample in samples if sample not in apart]
    if not sharing:
        return own
    if staterror.poisson_below is not None:
        return (staterror_name(region), *sharing, *(name + GAUSSIAN for name in sharing), *own)
    return (staterror_name(region), *own)


def alone(staterror: Staterror) -> Staterror:
    """Return what holds for a sample that has parameters of its own in a region where others share theirs."""
    return staterror.model_copy(update={"per_sample": True, "poisson_below": None})


def staterror_meanings(general: General, templates: Sequence[tuple[Region, Sample]]) -> dict[str, tuple[str, ...]]:
    """Return which parameters a name stands for: one of them, or by the name of the shared ones all of a region."""
    known: dict[str, tuple[str, ...]] = {}
    for region in {region.name: region for region, _ in templates}.values():
        inside = [sample for other, sample in templates if other.name == region.name]
        samples = [sample.name for sample in inside if not sample.disable_staterror]
        if samples:
            separate = {sample.name for sample in inside if sample.separate_staterror}
            names = staterrors_of(staterror_of(general, region), region.name, samples, separate)
            known |= {name: (name,) for name in names} | {staterror_name(region.name): names}
    return known

from __future__ import annotations

from wilks.config.schema import General, Region, Sample, Staterror
from wilks.config.staterrors import sample_staterror, staterror_meanings, staterror_of, staterrors_of

GENERAL = General(measurement="m", input_path="x", histogram_folder="h", staterror=Staterror(threshold=0.05))


def test_a_regions_own_block_counts() -> None:
    own = Staterror(per_sample=True)
    assert staterror_of(GENERAL, Region(name="A", staterror=own)) is own
    assert staterror_of(GENERAL, Region(name="A")) is GENERAL.staterror
    assert staterror_of(GENERAL.model_copy(update={"staterror": None}), Region(name="A")) == Staterror()


def test_names_of_all_kinds() -> None:
    assert sample_staterror("a b", "c d") == "staterror_a-b_c-d"
    assert staterrors_of(Staterror(), "R", "AB") == ("staterror_R",)
    assert staterrors_of(Staterror(per_sample=True, constraint="Poisson"), "R", "AB") == (
        "staterror_R_A",
        "staterror_R_B",
    )
    assert staterrors_of(Staterror(poisson_below=3), "R", "A") == (
        "staterror_R",
        "staterror_R_A",
        "staterror_R_A_gaussian",
    )


def test_samples_with_parameters_of_their_own() -> None:
    assert staterrors_of(Staterror(), "R", "ABC", {"B"}) == ("staterror_R", "staterror_R_B")
    assert staterrors_of(Staterror(), "R", "B", {"B"}) == ("staterror_R_B",)
    assert staterrors_of(Staterror(poisson_below=3), "R", "AB", {"B"}) == (
        "staterror_R",
        "staterror_R_A",
        "staterror_R_A_gaussian",
        "staterror_R_B",
    )
    templates = [(Region(name="A"), Sample(name="x")), (Region(name="A"), Sample(name="y", separate_staterror=True))]
    assert staterror_meanings(GENERAL, templates) == {
        "staterror_A": ("staterror_A", "staterror_A_y"),
        "staterror_A_y": ("staterror_A_y",),
    }


def test_the_shared_name_stands_for_all_of_a_region() -> None:
    regions = [Region(name="A"), Region(name="B", staterror=Staterror(per_sample=True)), Region(name="C")]
    samples = [Sample(name="x"), Sample(name="y", disable_staterror=True)]
    templates = [(region, sample) for region in regions[:2] for sample in samples] + [(regions[2], samples[1])]
    assert staterror_meanings(GENERAL, templates) == {
        "staterror_A": ("staterror_A",),
        "staterror_B": ("staterror_B_x",),
        "staterror_B_x": ("staterror_B_x",),
    }

"""Folders of templates (`Region_Sample_Systematic_Up.npz`) as cabinetry writes them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from wilks._reading import read_arrays, read_file
from wilks.config.schema import Config
from wilks.errors import TemplateError, nearest
from wilks.histogram import Histogram
from wilks.templates.binning import binned
from wilks.templates.build import needed_templates, on_region_axes
from wilks.templates.store import TemplateKey, Templates


def load_cabinetry_folder(folder: str | Path, config: Config) -> Templates:
    """Return the templates that cabinetry saved for this steering file.

    Post-processed templates (`*_modified.npz`) are preferred; the others are then their `originals`. Raises one
    TemplateError with every file that is missing or broken, and every name that two templates would share.

    >>> from pathlib import Path
    >>> import numpy as np
    >>> import wilks
    >>> from wilks.templates.cabinetry_folder import load_cabinetry_folder
    >>> config = wilks.load_config(wilks.examples.steering_file())
    >>> for key, histogram in wilks.build_templates(config).items():  # as cabinetry writes them
    ...     name = "_".join(part for part in (key.region, key.sample, key.systematic, key.side) if part)
    ...     numbers = {"bins": histogram.axis.edges, "yields": histogram.contents, "stdev": histogram.stdev}
    ...     np.savez(name.replace(" ", "-") + ".npz", **numbers)
    >>> load_cabinetry_folder(".", config)
    <Templates: 18 histograms, 2 regions, 4 samples, 2 systematics>
    """
    folder = Path(folder)
    keys = needed_templates(config)
    names = {key: _file_name(key) for key in keys}
    available = {path.name for path in folder.glob("*.npz")}
    shared = {name for name, count in Counter(names.values()).items() if count > 1}
    problems = [f'{folder}: "{name}.npz" would hold more than one template of this steering file' for name in shared]
    found: dict[TemplateKey, Histogram] = {}
    originals: dict[TemplateKey, Histogram] = {}
    for key, name in names.items():
        present = [f"{name}{suffix}.npz" for suffix in ("_modified", "") if f"{name}{suffix}.npz" in available]
        if not present:
            problems.append(f'{folder}: no file "{name}.npz" for {key}{nearest(f"{name}.npz", available)}')
            continue
        try:
            histograms = [_read(folder / file) for file in present]
        except TemplateError as error:
            problems += error.problems
            continue
        found[key] = histograms[0]
        if len(histograms) > 1:
            originals[key] = histograms[1]
    found, steps, mistakes = on_region_axes(found, config)
    if problems or mistakes:
        raise TemplateError([*problems, *mistakes])
    regions = {region.name: region for region in config.regions}
    before = {key: binned(histogram, regions[key.region])[0] for key, histogram in originals.items()}
    kept = {key: histogram.with_axis(found[key].axis) for key, histogram in before.items()}
    return Templates(found, kept, steps)


def _file_name(key: TemplateKey) -> str:
    parts = (key.region, key.sample, key.systematic, key.side)
    return "_".join(part for part in parts if part is not None).replace(" ", "-")


def _read(path: Path) -> Histogram:
    try:
        arrays = read_arrays(read_file(path))
        bins, yields, stdev = (arrays[name] for name in ("bins", "yields", "stdev"))
        if any(array.dtype.kind not in "iuf" for array in (bins, yields, stdev)):
            raise ValueError("no numbers")
        return Histogram.from_arrays(bins, yields, stdev)
    except TemplateError as error:
        raise TemplateError(f"{path}: {error}") from error
    except Exception as error:  # NumPy, zipfile and zlib each have their own for a damaged file
        raise TemplateError(f"{path}: not a histogram saved by cabinetry, or damaged") from error

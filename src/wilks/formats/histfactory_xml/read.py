"""HistFactory descriptions (XML with ROOT files) are read as ROOT reads them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from wilks.errors import WorkspaceError, listed, nearest
from wilks.formats.histfactory_xml.as_pyhf import read_as_pyhf
from wilks.formats.histfactory_xml.channels import look_up
from wilks.formats.histfactory_xml.document import Described
from wilks.formats.histfactory_xml.folders import channel_files, read_channels
from wilks.formats.histfactory_xml.grammar import Checked
from wilks.formats.histfactory_xml.parse import combination
from wilks.formats.histfactory_xml.records import Combination, Measurement
from wilks.formats.notes import Note, Reading
from wilks.formats.root_files import RootFiles
from wilks.formats.xml_tree import parse_xml
from wilks.workspace.files import content_of_file


def read(
    source: str | Path | bytes,
    *,
    base: str | Path | None = None,
    measurement: str | None = None,
    as_pyhf: bool = False,
    name: str = "description",
) -> Reading:
    """Return the workspace of a HistFactory description, its top file given as a path or as bytes.

    `base` is the folder from which paths in it are meant; without it the first of the top file's folder, three around
    it and the current one in which all files are. `measurement` names the measurement to read; without it the first,
    with all others that have the same modifiers. `as_pyhf` reads files that were made for pyhf's reading, as pyhf does.
    `name` is what messages call bytes by.

    Numbers are ROOT's (6.40): the luminosity multiplies every sample, statistical uncertainties have Poisson
    constraints and a threshold of 5 % unless told otherwise, ShapeSys are normal. Raises one WorkspaceError with every
    mistake.

    >>> import wilks
    >>> from wilks.formats.histfactory_xml.write import write
    >>> writing = write(wilks.examples.measurement(), "model.xml")
    >>> reading = read("model.xml")
    >>> reading.workspace.channel_names, print(reading.notes[0])
    model.xml: paths are taken from the folder . (the first where all of them are)
    (('electrons', 'muons'), None)
    """
    name = name if isinstance(source, bytes) else str(source)
    top = None if isinstance(source, bytes) else Path(source)
    content = source if isinstance(source, bytes) else content_of_file(Path(source), "file")
    root = parse_xml(content, name)
    if root.tag != "Combination":
        what = (
            "this is the file of one channel; read the top file that names it"
            if root.tag == "Channel"
            else "a top file begins with <Combination>"
        )
        raise WorkspaceError(f"{name}:{root.line}: <{root.tag}> found; {what}")
    checked = Checked(name)
    found = combination(root, checked)
    notes: list[Note] = []
    problems = checked.problems
    found, folder = read_channels(top, found, base, notes, problems)
    chosen = _chosen(found, measurement, name, problems)
    described = channel_files(folder, top, found)
    if as_pyhf:
        reading = read_as_pyhf(found, folder, measurement, notes, problems)
        return replace(reading, files=(*described, *reading.files))
    with RootFiles() as files:
        histograms = look_up(found.channels, folder, files)
        missing = files.problems()
        notes += [Note(where, text, "read as") for where, text in files.remarks]
    if problems or chosen is None:
        raise WorkspaceError([*problems, *missing])
    reading = Described(found, chosen, measurement is None, notes, missing).reading(histograms)
    return replace(reading, files=(*described, *files.paths))


def _chosen(found: Combination, wanted: str | None, name: str, problems: list[str]) -> Measurement | None:
    names = [measurement.name for measurement in found.measurements]
    if wanted is None:
        return found.measurements[0] if names else None
    if wanted not in names:
        problems.append(f'{name}: no measurement "{wanted}"; there are {listed(names)}{nearest(wanted, names)}')
        return None
    return found.measurements[names.index(wanted)]

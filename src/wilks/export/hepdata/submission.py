"""`submission`: results, workspace, steering file and figures as one HEPData submission."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wilks._files import write_atomically
from wilks.errors import InputError
from wilks.export.hepdata.emitting import data_csv, data_yaml, yaml_lines
from wilks.export.hepdata.gathering import Gathered, gather
from wilks.export.hepdata.records import LONGEST_NAME, DataTable, Resource
from wilks.export.hepdata.wording import About, about

# A larger data file is refused by HEPData.
LARGEST = 10_000_000
MAIN = "submission.yaml"
ARCHIVES = (".zip", ".tar.gz", ".tgz")


@dataclass(frozen=True, eq=False)
class Submission:
    """A HEPData submission: tables, files that go with it, and what is said of all of them.

    >>> import wilks
    >>> from wilks.export.hepdata import submission
    >>> model = wilks.compile_model(wilks.examples.measurement())
    >>> made = submission(wilks.fit(model), energy="13 TeV")
    >>> [table.name for table in made.tables]
    ['Fitted parameters', 'Correlations of parameters', 'Covariance of parameters']
    >>> made.save("hepdata")[0].name
    'submission.yaml'
    """

    tables: tuple[DataTable, ...]
    resources: tuple[Resource, ...]
    figures: Mapping[str, tuple[Resource, ...]]
    about: About

    def __repr__(self) -> str:
        return f"<Submission: {len(self.tables)} tables, {len(self.resources)} files beside them>"

    def files(self) -> dict[str, bytes]:
        """Return the content of every file by its name, `submission.yaml` first."""
        texts = {f"{stem}.yaml": data_yaml(table) for stem, table in self._stems().items()}
        encoded = {name: text.encode() for name, text in texts.items()}
        large = {name: _as_resource(name, self._stems()[name[:-5]]) for name, c in encoded.items() if len(c) > LARGEST}
        kept = {name: content for name, content in encoded.items() if name not in large}
        tables = [(f"{stem}.yaml", table) for stem, table in self._stems().items() if f"{stem}.yaml" in kept]
        shown = {file.name: file.content for _, table in tables for file in self._of(table)}
        rest = [file for files in self.figures.values() for file in files if file.name not in shown]
        resources = [*self.resources, *large.values(), *rest]
        main = [_document(self._head(resources))]
        main += [_document(self._entry(name, table)) for name, table in tables]
        others = {file.name: file.content for file in resources}
        return {MAIN: "".join(main).encode(), **kept, **others, **shown}

    def save(self, path: str | Path) -> list[Path]:
        """Write the submission: to a folder, or to an archive where the name ends in .zip, .tar.gz or .tgz.

        Returns the files, `submission.yaml` or the archive first. Files of an earlier submission in the folder are
        removed. Raises InputError where the folder holds anything else, which HEPData would refuse.
        """
        path = Path(path)
        files = self.files()
        if path.name.endswith(ARCHIVES):
            write_atomically(path, _archive(files, path.name))
            return [path]
        _clear(path)
        for name in reversed(files):  # `submission.yaml` last: where it is, all is
            write_atomically(path / name, files[name])
        return [path / name for name in files]

    def save_csv(self, folder: str | Path) -> list[Path]:
        """Write every table as CSV into a folder, and return the files."""
        files = {Path(folder) / f"{stem}.csv": data_csv(table) for stem, table in self._stems().items()}
        for path, text in files.items():
            write_atomically(path, text.encode())
        return list(files)

    def _stems(self) -> dict[str, DataTable]:
        """Return the tables by the names of their files without suffix."""
        found: dict[str, DataTable] = {}
        for table in self.tables:
            plain = stem = re.sub(r"[^a-z0-9.+]+", "_", table.name.lower()).strip("_.") or "table"
            number = 1
            while stem in found or f"{stem}.yaml" == MAIN:
                number += 1
                stem = f"{plain}_{number}"
            found[stem] = table
        return found

    def _of(self, table: DataTable) -> list[Resource]:
        return [file for stem in table.figures for file in self.figures.get(stem, ())]

    def _head(self, resources: Sequence[Resource]) -> dict[str, Any]:
        head: dict[str, Any] = {"comment": self.about.comment}
        if resources:
            head["additional_resources"] = [self._resource(each) for each in resources]
        return head

    def _resource(self, each: Resource) -> dict[str, Any]:
        found: dict[str, Any] = {"location": each.name, "description": each.description}
        if each.type:
            found["type"] = each.type
        if self.about.license:
            found["license"] = dict(self.about.license)
        return found

    def _entry(self, name: str, table: DataTable) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "name": table.name,
            "description": table.description,
            "keywords": self.about.keywords(table.observables),
            "data_file": name,
        }
        if self.about.license:
            entry["data_license"] = dict(self.about.license)
        if files := self._of(table):
            entry["additional_resources"] = [self._resource(each) for each in files]
        return entry


def submission(
    *given: Any,
    energy: str = "",
    luminosity: str = "",
    reactions: Sequence[str] = (),
    observables: Sequence[str] = (),
    phrases: Sequence[str] = (),
    license: tuple[str, str] | None = None,
    comment: str = "",
    titles: Mapping[str, str] | None = None,
) -> Submission:
    """Return a HEPData submission of what is `given`: results, a workspace, a steering file, as objects or files.

    A folder stands for what `wilks run` left in it, figures included. Of a workspace and its fit the predictions before
    and after the fit, and the covariances of their bins, are added. Results of another workspace are refused.

    `energy` ("13 TeV") and `luminosity` ("140 fb-1") become qualifiers of every column, the energy a keyword too;
    `reactions` ("P P --> TOP TOPBAR X"), `observables` ("SIG") and `phrases` are keywords of every table. `license` is
    name and address of the licence of data and files, `comment` the abstract. `titles` stand in place of names of
    parameters, channels and samples. Raises InputError with all mistakes.

    >>> import wilks
    >>> model = wilks.compile_model(wilks.examples.search())
    >>> made = wilks.export.hepdata.submission(wilks.limit(model), energy="13 TeV", luminosity="140 fb-1")
    >>> print(made.files()["upper_limits_on_mu.yaml"].decode().splitlines()[10])
    - header: {name: "Upper limit on mu"}
    """
    told = about(energy, luminosity, reactions, observables, phrases, license, comment)
    found = gather(given, titles or {})
    tables = tuple(_named(table.qualified(told.qualifiers) for table in found.tables()))
    if not tables:
        raise InputError("there is no table to write: give results of wilks, or a workspace")
    return Submission(tables, found.resources, found.figures, replace(told, comment=told.comment or _comment(found)))


def _comment(found: Gathered) -> str:
    from wilks._version import __version__

    of = f" of {found.measurement}" if found.measurement else ""
    return f"Results{of}. The tables were written by wilks {__version__}."


def _named(tables: Iterator[DataTable]) -> Iterator[DataTable]:
    """Yield tables with names that differ and are short enough."""
    taken: set[str] = set()
    for table in tables:
        name, number = table.name[:LONGEST_NAME].strip(), 1
        while name in taken:
            number += 1
            end = f" ({number})"
            name = table.name[: LONGEST_NAME - len(end)].strip() + end
        taken.add(name)
        yield replace(table, name=name)


def _as_resource(name: str, table: DataTable) -> Resource:
    stem = name.removesuffix(".yaml")
    content = data_csv(table).encode()
    return Resource(f"{stem}.csv", content, f"{table.description} (As a file, since it is too large for a table.)")


def _document(content: Mapping[str, Any]) -> str:
    return "\n".join(["---", *yaml_lines(content)]) + "\n"


def _archive(files: Mapping[str, bytes], name: str) -> bytes:
    stream = io.BytesIO()
    if name.endswith(".zip"):
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, content in files.items():
                archive.writestr(zipfile.ZipInfo(file), content, zipfile.ZIP_DEFLATED)
    else:
        with tarfile.open(fileobj=stream, mode="w:gz") as tar:
            for file, content in files.items():
                info = tarfile.TarInfo(file)
                info.size, info.mode = len(content), 0o644
                tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def _clear(folder: Path) -> None:
    """Remove an earlier submission from a folder. Raises InputError where there is anything else."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError(f"{folder}: is a file; name a folder, or an archive ({', '.join(ARCHIVES)})")
    there = {path.name for path in folder.iterdir()}
    ours = _earlier(folder / MAIN)
    if foreign := sorted(there - ours):
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise InputError(
            f"{folder}: holds {foreign[0]}{more}, which HEPData would refuse as part of a submission; name a new folder"
        )
    for name in sorted(ours & there):
        (folder / name).unlink()


def _earlier(main: Path) -> set[str]:
    """Return the files that belong to a submission, by its own words."""
    if not main.is_file():
        return set()
    text = main.read_text(encoding="utf-8", errors="replace")
    named = re.findall(r'^ *-? ?(?:data_file|location): "?([^"\n]+?)"?$', text, re.MULTILINE)
    return {MAIN, *named}

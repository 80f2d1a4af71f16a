"""Prints a bundle's manifests, or writes them into a folder."""

import os
from collections.abc import Iterable
from pathlib import Path

from stackctl.cli.report.rendering import dumped
from stackctl.cli.report.report import Report
from stackctl.errors import RenderError, UsageError
from stackctl.files import exists
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.objects.wording import counted


def report_bundle(report: Report, bundle: Bundle, folder: Path | None) -> None:
    """Print every object of a bundle in order, or write one file for each."""
    if folder is not None:
        files = write_bundle(bundle, folder)
        report.note(f"{counted(len(files), 'file')} written to {folder}")
        if report.format == "name":
            report.lines(map(str, files))
        return
    objects = [manifest for part in bundle.components for manifest in part.objects]
    if report.format == "name":
        report.lines(str(ref_of(manifest)) for manifest in objects)
    elif report.format == "json":
        report.manifests(dumped({"apiVersion": "v1", "kind": "List", "items": objects}, "json"))
    else:
        report.manifests(as_yaml(bundle))


def as_yaml(bundle: Bundle) -> str:
    """Write a bundle as one stream of documents that kubectl takes."""
    return "".join(
        f"---\n# {part.name} {part.version}\n{dumped(manifest, 'yaml')}"
        for part in bundle.components
        for manifest in part.objects
    )


def write_bundle(bundle: Bundle, folder: Path) -> list[Path]:
    """Write one file per object, numbered in the order of the apply, a folder per component.

    Raises:
        UsageError: the folder holds files already, or cannot be written to.
    """
    if exists(folder) and any(_files(folder)):
        raise UsageError(f"{folder} is not empty", hint="name a new folder with --output-dir")
    written = []
    try:
        for part in bundle.components:
            for number, manifest in enumerate(part.objects, start=1):
                path = folder / part.name / f"{number:03}-{file_name(ref_of(manifest))}.yaml"
                path.parent.mkdir(parents=True, exist_ok=True)
                _write(path, manifest)
                written.append(path)
    except OSError as error:
        raise RenderError(f"{error.filename}: {error.strerror}") from error
    return written


def _files(folder: Path) -> Iterable[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}") from error


def file_name(ref: Ref) -> str:
    """Name an object's file: deployment-spark-operator-controller."""
    return f"{ref.kind.lower()}-{ref.name}".replace("/", "-").replace(":", "-")


def _write(path: Path, manifest: Manifest) -> None:
    # Secrets are for their owner; everything else is as readable as the user's other files.
    mode = 0o600 if manifest["kind"] == "Secret" else 0o666
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(dumped(manifest, "yaml"))

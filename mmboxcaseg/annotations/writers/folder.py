"""A folder that an export fills: nothing of others is lost in it."""

import json
import os.path as osp
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from mmboxcaseg.version import __version__

from ..output import write_text
from ..photos import files_below
from .job import ExportJob

# What an export says of itself, in its folder.
MARK = 'export.json'


def claim(
    job: ExportJob, files: Mapping[str, Iterable[str]], folders: Iterable[str]
) -> None:
    """Check that the files can be written, and mark the folder as ours.

    Args:
        job (ExportJob): The export.
        files (Mapping[str, Iterable[str]]): Files that will be written, below
            its folder, by the photo that they are of.
        folders (Iterable[str]): Folders in it that hold nothing else.

    Raises:
        ValueError: If two photos would have the same file, a file is there
            that no export has written, or one that this export won't write.
    """
    owners: dict[str, str] = {}
    for photo, paths in files.items():
        for path in paths:
            other = owners.setdefault(path, photo)
            if other != photo:
                raise ValueError(
                    f'{job.masks.boxes.path}: the photos {other!r} and '
                    f'{photo!r} would both have the file {path}; give them '
                    'names that differ by more than their suffix'
                )
    ours = _is_ours(job)
    for folder in folders:
        inside = osp.join(job.out, folder)
        found = [
            path
            for path in files_below(inside, '')
            if not ours or osp.join(folder, path) not in owners
        ]
        if found:
            others = f' and {len(found) - 1} more' if found[1:] else ''
            raise ValueError(
                f'{osp.join(inside, found[0])}{others} would lie among the '
                'files of this export, but it does not write them; give '
                'another folder, or remove them'
            )
    _write_mark(job, dict(complete=False))


def finish(job: ExportJob) -> None:
    """Say in the folder that the export is complete, and what is in it."""
    report = job.report()
    _write_mark(
        job, dict(complete=True, summary=report.summary(), report=asdict(report))
    )


def _is_ours(job: ExportJob) -> bool:
    """Whether an export of the same format has filled the folder before."""
    try:
        with open(osp.join(job.out, MARK), encoding='utf-8') as file:
            content = json.load(file)
    except FileNotFoundError:
        return False
    except ValueError:
        content = None
    if not isinstance(content, dict) or (content.get('format') != job.options.format):
        raise ValueError(
            f'{osp.join(job.out, MARK)} is of another export; give another folder'
        )
    return True


def _write_mark(job: ExportJob, more: Mapping[str, object]) -> None:
    content = dict(
        format=job.options.format,
        masks=osp.basename(job.masks.boxes.path),
        options=asdict(job.options),
        package_version=__version__,
        **more,
    )
    write_text(osp.join(job.out, MARK), f'{json.dumps(content, indent=1)}\n')

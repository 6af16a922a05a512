"""The folder of an export, in which no other files are overwritten."""

import json
import os.path as osp
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from mmboxcaseg.version import __version__

from ..output import write_text
from ..photos import files_below
from .job import ExportJob

# File that an export writes into its folder to describe itself.
MARK = 'export.json'


def claim(
    job: ExportJob, files: Mapping[str, Iterable[str]], folders: Iterable[str]
) -> None:
    """Check that an export can fill its folder, and mark the folder.

    Args:
        job (ExportJob): The export.
        files (Mapping[str, Iterable[str]]): Paths of the files that will be
            written for each photo, below the folder of the export.
        folders (Iterable[str]): Paths of the subfolders in which there may be
            no other files.

    Raises:
        OSError: If the mark can't be written.
        ValueError: If two photos would need the same file, a subfolder has a
            file that no export has written or that this one won't write, or
            the folder has an export in another format.
    """
    owners: dict[str, str] = {}
    for photo, paths in files.items():
        for path in paths:
            other = owners.setdefault(path, photo)
            if other != photo:
                raise ValueError(
                    f'{job.masks.boxes.path}: the photos {other!r} and '
                    f'{photo!r} would both need the file {path}; give them '
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
                f'{osp.join(inside, found[0])}{others} would be mixed with the '
                'files of this export, which did not write them; give '
                'another folder, or remove them'
            )
    _write_mark(job, dict(complete=False))


def finish(job: ExportJob) -> None:
    """Mark the folder of an export as complete, with its report.

    Args:
        job (ExportJob): The export.

    Raises:
        OSError: If the mark can't be written.
    """
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
            f'{osp.join(job.out, MARK)} belongs to an export in another format; '
            'give another folder'
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

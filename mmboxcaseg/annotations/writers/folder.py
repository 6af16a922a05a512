"""The file or folder of an export; other files are not overwritten."""

import json
import os.path as osp
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass

from mmboxcaseg.version import __version__

from ..box_file import BoxFile
from ..earlier import read_head
from ..output import check_not_photos, check_output, check_output_folder, write_text
from ..photos import files_below
from .job import ExportJob
from .options import ExportOptions

# File that an export writes into its folder to describe itself.
MARK = 'export.json'


@dataclass(frozen=True)
class ExportPlace:
    """Where the masks of some boxes are exported to.

    Attributes:
        boxes (BoxFile): Images and boxes of the masks.
        out (str): Path of the file or folder to write.
        options (ExportOptions): The format of the export.
        img_dir (str | None): Folder of the photos; None if it is not known.
    """

    boxes: BoxFile
    out: str
    options: ExportOptions
    img_dir: str | None = None


def check_folder(
    place: ExportPlace,
    files: Mapping[str, Iterable[str]],
    folders: Iterable[str],
    tables: Iterable[str] = (),
) -> None:
    """Check that an export can fill its folder.

    Args:
        place (ExportPlace): The folder of the export.
        files (Mapping[str, Iterable[str]]): Paths of the files that will be
            written for each photo, below the folder of the export.
        folders (Iterable[str]): Paths of the subfolders in which there may be
            no other files.
        tables (Iterable[str]): Paths of the files that will be written for
            all photos together, below the folder of the export.

    Raises:
        ValueError: If two photos would need the same file, the folder is that
            of the photos or has an export in another format, a subfolder is a
            file or has files that no export has written or that this one
            won't write, or a table exists that no export has written.
    """
    owners: dict[str, str] = {}
    for photo, paths in files.items():
        for path in paths:
            other = owners.setdefault(path, photo)
            if other != photo:
                raise ValueError(
                    f'{place.boxes.path}: the photos {other!r} and '
                    f'{photo!r} would both need the file {path}; give them '
                    'names that differ by more than their suffix'
                )
    check_output_folder('--out', place.out)
    # Labels of YOLO may lie beside photos in a folder "images".
    if place.img_dir is not None and place.options.format != 'yolo-seg':
        check_not_photos('--out', place.out, place.img_dir)
    ours = _is_ours(place)
    for folder in folders:
        inside = osp.join(place.out, folder)
        check_output_folder('--out', inside)
        found = files_below(inside, '')
        if ours:
            found = [path for path in found if osp.join(folder, path) not in owners]
        if found:
            others = f' and {len(found) - 1} more' if found[1:] else ''
            whose = (
                f'{inside} holds files of other photos'
                if ours
                else f'no earlier export has filled {inside}'
            )
            raise ValueError(
                f'{osp.join(inside, found[0])}{others} would be mixed with the '
                f'files of this export: {whose}; give another folder, or '
                f'remove {inside}'
            )
    for table in tables:
        path = osp.join(place.out, table)
        if not ours and osp.lexists(path):
            raise ValueError(
                f'{path} exists, and boxcaseg export did not write it; give '
                'another folder, or remove the file'
            )


def check_file(path: str, format: str, ours: Callable[[str], bool]) -> None:
    """Check that an export can write a file.

    Args:
        path (str): Path of the file.
        format (str): Format of the export, one of ``FORMATS``.
        ours (Callable[[str], bool]): Function that tells by the beginning of
            a file whether an export in this format has written it.

    Raises:
        ValueError: If the path is a folder, lies below a file, or is a file
            that does not begin as one that an export in this format has
            written.
    """
    check_output(path)
    check_output_folder('--out', osp.dirname(path) or '.')
    if not osp.exists(path):
        return
    head = read_head(path)
    if head and not ours(head):
        raise ValueError(
            f'{path} exists, and is not known as an export in the format {format}; '
            'give another name, or remove the file'
        )


def mark(job: ExportJob) -> None:
    """Mark the folder of an export that begins.

    Args:
        job (ExportJob): The export.

    Raises:
        OSError: If the mark can't be written.
    """
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


def _is_ours(place: ExportPlace) -> bool:
    """Whether an export of the same format has filled the folder before."""
    try:
        with open(osp.join(place.out, MARK), encoding='utf-8') as file:
            content = json.load(file)
    except FileNotFoundError:
        return False
    except ValueError:
        content = None
    wanted = place.options.format
    if not isinstance(content, dict) or content.get('format') != wanted:
        raise ValueError(
            f'{osp.join(place.out, MARK)} belongs to an export in another format; '
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

"""Keeping the output of other libraries from the terminal."""

import contextlib
import io
import logging
from collections.abc import Iterator

_log = logging.getLogger(__name__)


@contextlib.contextmanager
def unprinted(verbose: bool = False) -> Iterator[None]:
    """Log what a block prints instead of showing it on standard output.

    While they are imported, OpenMMLab's packages print messages about missing
    parts that are not needed. These go to the log, at level debug.

    Args:
        verbose (bool): Whether the output is shown after all. Defaults to
            False.

    Yields:
        None: Nothing.
    """
    if verbose:
        yield
        return
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            yield
    finally:
        for line in said.getvalue().splitlines():
            _log.debug(line)

"""Other libraries' remarks, kept from the terminal."""

import contextlib
import io
import logging
from collections.abc import Iterator

_log = logging.getLogger(__name__)


@contextlib.contextmanager
def unprinted(verbose: bool = False) -> Iterator[None]:
    """Keep what is printed from standard output; it is logged as debugging.

    OpenMMLab's packages print while they are imported, about parts that are
    not installed and not needed.

    Args:
        verbose (bool): Whether it is printed all the same. Defaults to False.

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

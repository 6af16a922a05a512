"""What the tests of the speed benchmarks share."""

from collections.abc import Iterator

import pytest

from tools.benchmarks.speed import inputs as speed_inputs


@pytest.fixture(scope='session')
def inputs() -> Iterator[speed_inputs.Inputs]:
    """A few made photos, as where there are no real ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speed_inputs, 'PHOTOS', 4)
        patch.setattr(speed_inputs, 'PHOTO_SIZE', (200, 240))
        with speed_inputs.find_inputs('no such folder', 100) as made:
            yield made

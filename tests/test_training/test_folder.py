"""The folder of a training."""

import numpy as np
import pytest

from mmboxcaseg.evaluation.box_fit import BoxFits
from mmboxcaseg.training import TrainingFolder, judge


def test_begin_and_go_on(tmp_path):
    folder = TrainingFolder(str(tmp_path / 'new'))
    assert folder.begin(dict(iters=100)) is False
    assert folder.begin(dict(iters=100)) is True
    with pytest.raises(ValueError, match=r'another iters \(100, now 200\)'):
        folder.begin(dict(iters=200))


def test_folders_of_others_are_left(tmp_path):
    (tmp_path / 'photo.jpg').write_bytes(b'')
    with pytest.raises(ValueError, match='has other files in it'):
        TrainingFolder(str(tmp_path)).begin({})
    assert [one.name for one in tmp_path.iterdir()] == ['photo.jpg']


def test_two_at_a_time(tmp_path):
    folder = TrainingFolder(str(tmp_path / 'new'))
    folder.begin({})
    with folder.locked():
        with pytest.raises(ValueError, match='in use by another training'):
            folder.locked()
    folder.locked().release()


def test_scores_of_a_resumed_training(tmp_path):
    folder = TrainingFolder(str(tmp_path))
    for iters, agreement in ((10, 0.5), (20, 0.6), (10, 0.7)):
        folder.note_scores(iters, dict(agreement=agreement))
    # The second time it went on from before the tenth iteration.
    assert folder.scores() == [dict(agreement=0.7, iters=10)]


def test_chosen_weights(tmp_path):
    folder = TrainingFolder(str(tmp_path / 'new'))
    with pytest.raises(FileNotFoundError, match='does not exist'):
        folder.chosen()
    folder.begin({})
    with pytest.raises(FileNotFoundError, match='run its command again'):
        folder.chosen()
    low, high = (
        BoxFits(tuple(range(20)), np.ones(20), np.ones(20), np.full(20, value))
        for value in (0.4, 0.6)
    )
    folder.note('verdict', judge(low, high, 2, 10).to_json())
    config, checkpoint, told = folder.chosen()
    assert config.endswith('trained.py') and checkpoint.endswith('trained.pth')
    assert 'the trained weights' in told
    folder.note('verdict', judge(high, low, 2, 10).to_json())
    config, checkpoint, told = folder.chosen()
    assert config.endswith('start.py') and checkpoint.endswith('start.pth')
    assert 'training has not helped' in told

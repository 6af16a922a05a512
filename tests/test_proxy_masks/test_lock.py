import os
import subprocess
import sys

import pytest

from mmboxcaseg.proxy_masks import lock_shards

HOLD = (
    'import sys; from mmboxcaseg.proxy_masks import lock_shards; '
    'lock = lock_shards(sys.argv[1]); print("held", flush=True); '
    'sys.stdin.read()'
)


def test_one_run_at_a_time(tmp_path):
    folder = str(tmp_path / 'masks.json.shards')
    other = subprocess.Popen(
        [sys.executable, '-c', HOLD, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other.stdout.readline() == b'held\n'
    with pytest.raises(ValueError, match='shards is in use by another run'):
        lock_shards(folder)
    # Other processes of a run have locks of their own.
    lock_shards(folder, rank=1).release()
    other.kill()
    other.wait()
    with lock_shards(folder):
        assert os.path.isdir(folder)

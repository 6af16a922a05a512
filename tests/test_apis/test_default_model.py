import pytest

from mmboxcaseg.apis import default_model
from mmboxcaseg.apis.default_model import NAME


def test_both_files_are_found(tmp_path, monkeypatch):
    monkeypatch.setitem(default_model.__globals__, 'WEIGHTS', tmp_path)
    config, checkpoint = tmp_path / f'{NAME}.py', tmp_path / f'{NAME}.pth'
    config.write_text('')
    with pytest.raises(FileNotFoundError) as error:
        default_model()
    assert str(checkpoint) in str(error.value)
    assert str(config) not in str(error.value)
    assert 'give the config and the checkpoint' in str(error.value)
    checkpoint.write_bytes(b'')
    assert default_model() == (str(config), str(checkpoint))

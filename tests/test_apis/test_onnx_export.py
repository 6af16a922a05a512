import json

import onnx_files
import pytest
import torch
from mmengine.config import Config

from mmboxcaseg.apis import OnnxReport, export_onnx, onnx_export
from mmboxcaseg.cli.main import main
from mmboxcaseg.prediction.onnx_model import OnnxModel
from mmboxcaseg.proxy_masks.settings import file_sha256


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('exported')
    onnx_files.write_exported(folder)
    return folder


def paths(folder, *names):
    return [str(folder / name) for name in names]


def test_what_is_written(folder, tmp_path):
    config, checkpoint = paths(folder, 'config.py', 'model.pth')
    out = tmp_path / 'new' / 'a.onnx'
    report = export_onnx(config, checkpoint, str(out))
    assert report == OnnxReport(str(out), out.stat().st_size, 17, report.error)
    assert 0 < report.error < 1e-4
    assert report.summary().startswith(f'{out}: 0.')
    card = OnnxModel.read(str(out)).card
    assert card.checkpoint_sha256 == file_sha256(checkpoint)
    assert (card.steps.size, card.images_per_batch) == (32, 2)
    assert card.options.crops_per_batch == 4
    assert card.model_config['model']['backbone']['widen_factor'] == 0.25
    assert str(folder) not in out.read_bytes().decode('latin1')


def test_the_command(folder, tmp_path, capsys):
    config, checkpoint = paths(folder, 'config.py', 'model.pth')
    out = str(tmp_path / 'a.onnx')
    words = ['export-onnx', config, checkpoint, '-o', out, '--half']
    assert main([*words, '--cfg-options', 'model.test_cfg.head=weak']) == 0
    assert f'{out}: 0.' in capsys.readouterr().out
    assert OnnxModel.read(out).card.options.head == 'weak'


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['model.type=Other'], "model.type is 'Other'"),
        (['test_dataloader.dataset.type=Other'], "dataset.type is 'Other'"),
        (['model.test_cfg.precision=bf16'], 'computes in fp32'),
        (['test_dataloader.dataset.pipeline.1.fill=3'], 'has fill=3'),
    ],
)
def test_configs_that_can_not_be_exported(folder, tmp_path, options, message):
    config, checkpoint = paths(folder, 'config.py', 'model.pth')
    with pytest.raises(ValueError, match=message):
        export_onnx(config, checkpoint, str(tmp_path / 'a'), cfg_options=options)
    assert not list(tmp_path.iterdir())


def test_files_that_are_not_there(folder, tmp_path):
    config, checkpoint = paths(folder, 'config.py', 'model.pth')
    for words in ((config, 'no.pth'), ('no.py', checkpoint)):
        with pytest.raises(FileNotFoundError, match='no file no'):
            export_onnx(*words, str(tmp_path / 'a.onnx'))


def test_a_model_that_differs_is_not_written(folder, tmp_path, monkeypatch):
    config, checkpoint = paths(folder, 'config.py', 'model.pth')
    exported = onnx_export.onnx_content

    def spoilt(network, size):
        network.folded.backbone.conv1.conv.bias += 0.05
        return exported(network, size)

    monkeypatch.setattr(onnx_export, 'onnx_content', spoilt)
    with pytest.raises(
        ValueError, match='not written, because its probabilities differ'
    ):
        export_onnx(config, checkpoint, str(tmp_path / 'a.onnx'))
    assert not list(tmp_path.iterdir())


def test_losses_are_left_out(tmp_path):
    cfg = Config(
        dict(
            model=dict(
                type='BoxCaseg',
                loss_mil=dict(type='MILLoss'),
                weak_head=dict(),
                train_cfg=dict(),
            ),
            test_dataloader=dict(
                dataset=dict(
                    type='BoxPromptDataset',
                    pipeline=onnx_files.card().model_config['pipeline'],
                )
            ),
        )
    )
    checkpoint = tmp_path / 'a.pth'
    torch.save({}, checkpoint)
    parts = onnx_export._card(cfg, str(checkpoint)).model_config
    assert sorted(parts['model']) == ['type', 'weak_head']
    assert parts['images_per_batch'] == 1 and json.dumps(parts)

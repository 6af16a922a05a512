import numpy as np
import pytest
import tiny
import torch
from mmengine.config import Config

from mmboxcaseg.apis import BoxCasegInferencer, default_model
from mmboxcaseg.apis.default_model import NAME
from tools.model_converters import export_default

BOXES = [(3, 4, 40, 30), (20, 10, 25, 25)]


def write_trained(folder, **kwargs):
    """Config and checkpoint of a tiny model, as after a training."""
    steps = tiny.pipelines().prompt
    model = tiny.model_cfg(**kwargs)
    config, weights = folder / 'trained.py', folder / 'iter_1.pth'
    Config(
        dict(
            custom_imports=dict(imports=['tiny', 'mmboxcaseg.models']),
            model=model,
            optim_wrapper=dict(type='OptimWrapper'),
            train_dataloader=tiny.loader_cfg(folder),
            test_dataloader=dict(
                batch_size=2,
                dataset=dict(
                    type='mmboxcaseg.BoxPromptDataset',
                    data_root='secret/place/',
                    ann_file='boxes.json',
                    data_prefix=dict(img='img'),
                    with_mask=True,
                    pipeline=steps,
                ),
            ),
        )
    ).dump(str(config))
    torch.save(
        dict(state_dict=tiny.model(**kwargs).state_dict(), optimizer=dict(lr=0.1)),
        weights,
    )
    return str(config), str(weights)


def export(folder, *words, **kwargs):
    config, weights = write_trained(folder, **kwargs)
    export_default.main([config, weights, '--out-dir', str(folder / 'out'), *words])
    return [str(folder / 'out' / f'{NAME}{end}') for end in ('.py', '.pth')]


@pytest.mark.parametrize(
    'kwargs, heads',
    [
        (dict(), {'salient_head', 'transferred_head'}),
        (dict(fuse='logit', alpha=0.3), {'salient_head', 'transferred_head'}),
        (dict(transferred_head=None), {'salient_head'}),
        (dict(salient_head=None, transferred_head=None), {'weak_head'}),
        (dict(test_cfg=dict(head='transferred')), {'transferred_head'}),
        (dict(test_cfg=dict(head=['weak', 'salient'])), {'weak_head', 'salient_head'}),
    ],
)
def test_prediction_is_the_same(tmp_path, monkeypatch, kwargs, heads):
    exported = export(tmp_path, **kwargs)
    content = torch.load(exported[1], weights_only=True)
    weights = content['state_dict']
    assert {name.split('.')[0] for name in weights} == heads | {'backbone'}
    assert not any('transfer_conv' in name for name in weights)
    for name, value in weights.items():
        if value.is_floating_point():
            assert value.dtype == (torch.half if value.dim() > 1 else torch.float), name
    # It is found as the model of the package.
    monkeypatch.setitem(default_model.__globals__, 'WEIGHTS', tmp_path / 'out')
    photo = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in BOXES])
    config, trained = write_trained(tmp_path, **kwargs)
    _, _, ours = BoxCasegInferencer(device='cpu')(photo, boxes, True)
    _, _, theirs = BoxCasegInferencer(config, trained, 'cpu')(photo, boxes, True)
    np.testing.assert_allclose(ours, theirs, atol=0.02)
    assert ours.std() > 0.1


def test_config_names_no_data(tmp_path, capsys):
    config, _ = export(tmp_path)
    with open(config, encoding='utf-8') as file:
        text = file.read()
    assert 'secret' not in text and str(tmp_path) not in text
    cfg = Config.fromfile(config)
    assert {'train_dataloader', 'optim_wrapper'}.isdisjoint(cfg)
    assert not any(key.startswith('loss') for key in cfg.model)
    assert cfg.model.transferred_head.type == 'ProducedHead'
    assert cfg.test_dataloader.dataset.ann_file == ''
    assert 'probabilities differ by' in capsys.readouterr().out


def test_nothing_is_written_where_it_would_not_fit(tmp_path):
    with pytest.raises(SystemExit, match='more than --max-size 0.001'):
        export(tmp_path, '--max-size', '0.001')
    config, weights = write_trained(tmp_path)
    content = torch.load(weights, weights_only=True)
    content['state_dict']['salient_head.conv.weight'][0] = 1e6
    torch.save(content, weights)
    words = [config, weights, '--out-dir', str(tmp_path / 'out')]
    with pytest.raises(SystemExit, match='salient_head.conv.weight has val'):
        export_default.main(words)
    del content['state_dict']['salient_head.conv.weight']
    torch.save(content, weights)
    with pytest.raises(SystemExit, match='does not belong to the config'):
        export_default.main(words)
    assert not (tmp_path / 'out').exists()

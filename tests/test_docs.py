"""What the docs and the index of models say about configs holds."""
import re
from pathlib import Path

import pytest
import yaml
from mmengine.config import Config

ROOT = Path(__file__).parents[1]
PAGES = [
    'README.md', *sorted(f'docs/{p.name}' for p in ROOT.glob('docs/*.md'))
]


def read_yaml(path):
    return yaml.safe_load((ROOT / path).read_text())


def test_index_has_every_config():
    metafiles = read_yaml('model-index.yml')['Import']
    models, collections = [], []
    for path in metafiles:
        models += read_yaml(path)['Models']
        collections += read_yaml(path)['Collections']
    names = [model['Name'] for model in models]
    assert len(names) == len(set(names))
    # Rows of ablations are variants of the models, not models.
    configs = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / 'configs').rglob('*.py')
        if not {'_base_', 'ablations', 'mini'} & set(path.parts)
    }
    assert configs <= {model['Config'] for model in models}
    assert {model['In Collection']
            for model in models} == {one['Name']
                                     for one in collections}
    for model in models:
        assert model['Name'] == Path(model['Config']).stem
        cfg = Config.fromfile(ROOT / model['Config'])
        for key, name in (('Iterations', 'max_iters'), ('Epochs',
                                                        'max_epochs')):
            if key in model.get('Metadata', {}):
                assert cfg.train_cfg[name] == model['Metadata'][key]
        # What nobody has trained has neither.
        assert 'Weights' not in model and 'Results' not in model
    for one in collections:
        assert (ROOT / one['README']).is_file()


@pytest.mark.parametrize('page', PAGES)
def test_links(page):
    """Links to files and to headings lead somewhere."""
    text = (ROOT / page).read_text()
    folder = (ROOT / page).parent
    for target in re.findall(r'\]\((?!https?:)([^)]+)\)', text):
        path, _, anchor = target.partition('#')
        file = folder / path if path else ROOT / page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r'^#+ (.+)$', file.read_text(), re.M)
            assert anchor in [
                re.sub(r'[^\w\- ]', '', h.lower()).replace(' ', '-')
                for h in headings
            ], target


@pytest.mark.parametrize('page', PAGES)
def test_configs_that_are_named_exist(page):
    text = (ROOT / page).read_text()
    for path in re.findall(r'\bconfigs/[\w/.-]+\.py\b', text):
        assert (ROOT / path).is_file(), path


def test_config_for_own_data(tmp_path):
    text = (ROOT / 'docs/own_data.md').read_text()
    block, = re.findall(r' *```python\n(.*?)```', text, re.S)
    lines = [line[3:] for line in block.splitlines()]
    (tmp_path / 'configs').symlink_to(ROOT / 'configs')
    (tmp_path / 'mine.py').write_text('\n'.join(lines))
    cfg = Config.fromfile(tmp_path / 'mine.py')
    assert cfg.model.roi_head.mask_head.num_classes == 2
    dataset = cfg.train_dataloader.dataset
    assert (dataset.data_root, dataset.ann_file) == ('data/mine/',
                                                     'proxy_masks_train.json')
    assert dataset.metainfo == dict(classes=('screw', 'nut'))
    assert dataset.agreement_thr == 0.95
    assert [one.ann_file
            for one in cfg.test_evaluator] == ['data/mine/val.json'] * 2
    assert cfg.train_cfg.max_iters == 22500

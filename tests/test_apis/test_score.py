import json
import subprocess
import sys

import pytest
from decision_files import entry, write_decisions
from head_scores import write_inputs
from mask_files import make_files

from mmboxcaseg.apis.score import score_heads, score_masks
from mmboxcaseg.cli.main import main
from mmboxcaseg.evaluation import MaskScores
from mmboxcaseg.synthetic import export


def test_masks_of_two_files(tmp_path):
    scores = score_masks(*make_files(tmp_path), by_size=True, agreement_thrs=(0.9,))
    assert scores.row().metrics['mIoU'] == pytest.approx(48)
    assert scores.row(part='small').instances == 5
    assert scores.row(part='kept', agreement_thr=0.9).instances == 2
    assert len(scores.rows) == 2 * 4 + 2 and scores.unusable == 1
    by_overlap = score_masks(*make_files(tmp_path), by_overlap=True, agreement_thrs=())
    # No box of these meets another.
    assert by_overlap.row(part='free').instances == 5
    assert by_overlap.row(part='covered').instances == 0
    default = score_masks(*make_files(tmp_path))
    assert {row.agreement_thr for row in default.rows} == {None, 0.75, 0.85, 0.9, 0.95}


def test_masks_need_no_torch(tmp_path):
    paths = make_files(tmp_path)
    code = (
        'import sys; from mmboxcaseg.apis.score import score_masks; '
        f'score_masks(*{paths}); print("torch" in sys.modules)'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == 'False'


def test_heads_of_a_checkpoint(tmp_path):
    config, weights = write_inputs(tmp_path)
    scores = score_heads(
        config,
        weights,
        cfg_options=['test_evaluator.with_box=False'],
        work_dir=str(tmp_path / 'work'),
    )
    assert list(scores) == ['weak', 'salient', 'transferred', 'fused']
    for numbers in scores.values():
        assert set(numbers) == {
            'mIoU_star',
            'mIoU',
            'IoU@25',
            'IoU@50',
            'IoU@70',
            'IoU@75',
        }
    assert (tmp_path / 'work').is_dir()
    json.dumps(scores)


def test_decisions(tmp_path):
    """Rejected masks are ignored at every threshold, accepted ones kept."""
    masks, truth = make_files(tmp_path)
    with open(masks) as file:
        anns = {ann['id']: ann for ann in json.load(file)['annotations']}
    # Of the agreements 0.9, 0.95, 0.3, 0.1 and 0.8.
    decisions = write_decisions(
        tmp_path / 'decisions.json',
        [entry(anns[2], 'rejected'), entry(anns[3], 'accepted')],
    )
    thresholds = dict(agreement_thrs=(0, 0.9))
    for path, kept in ((None, (5, 2)), (decisions, (4, 2))):
        scores = score_masks(masks, truth, decisions=path, **thresholds)
        assert (
            tuple(
                scores.row(part='kept', agreement_thr=thr).instances for thr in (0, 0.9)
            )
            == kept
        )
        assert scores.rejected == (path is not None)
    # The masks 1 and 3, of IoU 1 and 0.3.
    row = scores.row(part='kept', agreement_thr=0.9)
    assert row.metrics['mIoU'] == pytest.approx(65)
    assert scores.row().instances == 5
    assert MaskScores.from_json(scores.to_json()) == scores
    before = scores.to_json()
    del before['rejected']
    assert MaskScores.from_json(before).rejected == 0


def test_a_random_network_is_scored(tmp_path, capsys, monkeypatch):
    """A tiny network of the user's, from the command line."""
    out = tmp_path / 'data'
    export.write_box_split(str(out), 'val', 0, 2, (200, 200))
    truth = out / 'coco/annotations/instances_val.json'
    (tmp_path / 'tiny_net.py').write_text(
        'import torch\n'
        'torch.manual_seed(0)\n'
        'net = torch.nn.Conv2d(3, 1, 3, padding=1)\n'
        'def predict(photo, boxes):\n'
        '    x = torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 255\n'
        '    with torch.no_grad():\n'
        '        prob = net(x)[0, 0].sigmoid().numpy()\n'
        '    return [prob] * len(boxes)\n'
    )
    monkeypatch.chdir(tmp_path)
    words = ['score', str(out / 'coco/val'), str(truth), '--predictor']
    main([*words, 'tiny_net:predict', '--by-overlap', '--out', 'm/masks.json'])
    told = capsys.readouterr().out
    assert '| masks, covered |' in told
    assert 'tiny_net:predict took ' in told and ' ms per box' in told
    # The same numbers as from the file that it has written.
    main(['score', 'm/masks.json', str(truth), '--by-overlap'])
    rows = [line for line in told.splitlines() if line.startswith('| masks')]
    assert set(rows) <= set(capsys.readouterr().out.splitlines())

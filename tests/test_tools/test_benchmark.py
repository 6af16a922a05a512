"""The benchmark's two sides give the same; nothing is timed here."""
import json
import subprocess
import sys

import numpy as np
import pytest
import torch


@pytest.fixture
def tool(import_tool):
    """Function that imports a module of the benchmark."""
    return lambda name: import_tool(f'analysis_tools/benchmark/{name}')


@pytest.fixture
def generated(tool, tmp_path):
    """Generated photos, as where there are no real ones."""
    return tool('photos').generate(str(tmp_path), count=4)


def test_help_needs_no_torch(repo_root):
    code = ('import sys, runpy; sys.argv = ["run.py", "--help"]\n'
            'try: runpy.run_path("tools/analysis_tools/benchmark/run.py", '
            'run_name="__main__")\n'
            'except SystemExit: print("torch" in sys.modules)')
    out = subprocess.run([sys.executable, '-c', code],
                         cwd=repo_root,
                         capture_output=True,
                         text=True,
                         check=True)
    assert out.stdout.splitlines()[-1] == 'False'


def test_ratios_and_goals(tool):
    measure = tool('measure')
    fast = measure.speedup('a', 'ms', 40.0, 2.0, 20)
    slow = measure.speedup('b', 'ms', 39.0, 2.0, 20)
    dear = measure.cost('c', 's', 2.0, 2.5, 1.1)
    big = measure.limit('d', 'GB', 2.5, 3)
    assert (fast.ratio, fast.met) == (20, True)
    assert (slow.ratio, slow.met) == (19.5, False)
    assert (dear.ratio, dear.met) == (1.25, False)
    assert (big.ratio, big.met) == (None, True)
    assert measure.table([fast, big], markdown=True).splitlines() == [
        '| what | unit | plain | ours | ratio | goal | met |',
        '| --- | --- | --- | --- | --- | --- | --- |',
        '| a | ms | 40 | 2 | 20 | at least 20 | yes |',
        '| d | GB |  | 2.5 |  | at most 3 GB | yes |'
    ]


def test_losses_of_both_sides(tool):
    losses = tool('bench_losses')
    torch.manual_seed(0)
    # Padding and the missing pairs at the border make no difference where
    # the border has probability zero, but for what the sum is divided by.
    logits = torch.full((2, 12, 12), -1e4, dtype=torch.float64)
    logits[:, 2:-2, 2:-2] = torch.randn(2, 8, 8, dtype=torch.float64)
    label = torch.zeros(2, 12, 12, dtype=torch.long)
    label[:, 3:7, 4:9] = 1
    smooth = losses.EightConvolutions().double()(logits.sigmoid()[:, None])
    from mmboxcaseg.models.losses import pairwise_smoothness
    pairs = 2 * (12 * 11 + 11 * 11) / (8 * 144 / 2)
    ours = pairwise_smoothness(logits.sigmoid()) * pairs
    assert ours.item() == pytest.approx(smooth.item(), rel=1e-5)
    mil = losses.plain_losses(logits.float(), label) - 0.05 * smooth
    from mmboxcaseg.models.losses import mil_loss
    assert mil_loss(logits, label).item() == pytest.approx(
        min(mil.item(), 100), rel=1e-4)


def test_masks_of_both_sides(tool, generated):
    masks = tool('bench_proxy_masks')
    photos = masks.read_instances(generated.ann_file)
    assert len(photos) == 4
    for photo in photos:
        plain, ours = masks.plain_masks(photo), masks.our_masks(photo)
        assert plain[0] == ours[0]
        np.testing.assert_allclose(plain[1], ours[1])


def test_table_and_json(tool, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    run, losses = tool('run'), tool('bench_losses')
    monkeypatch.setattr(losses, 'SIZE', 24)
    result, table = tmp_path / 'out' / 'b.json', tmp_path / 'b.md'
    run.main([
        '--only', 'losses', '--data',
        str(tmp_path), '--json',
        str(result), '--markdown',
        str(table)
    ])
    content = json.loads(result.read_text())
    assert content['photos'] == 'generated pictures'
    assert [row['what'] for row in content['rows']
            ] == ['MIL + smoothness loss, forward and backward, 16 x 24 px']
    assert content['rows'][0]['goal'] == 'at least 20'
    assert table.read_text().count('\n') == 3
    assert 'at least 20' in capsys.readouterr().out


def test_training_data_has_rows_of_all_ways(tool, generated, monkeypatch):
    pytest.importorskip('skimage')
    data = tool('bench_training_data')
    monkeypatch.setattr(data, 'ITEMS', 4)
    rows = data.rows(generated)
    assert [
        row.goal for row in rows
    ] == 2 * ['at least 8'] + 4 * ['at least 1'] + ['at least 8', '', '']
    assert all(row.plain > 0 and row.ours > 0 for row in rows)


def test_a_small_coco_is_read_and_its_masks_made(tool, generated, tmp_path,
                                                 monkeypatch):
    scale = tool('coco_scale')
    monkeypatch.setattr(scale, 'in_fresh_process',
                        lambda run, *args: run(*args))
    found = scale.start_up.__wrapped__(30)
    boxes = round(30 * 860001 / 118287)
    scale.write_boxes(str(tmp_path / 'scale.json'), 30)
    coco = json.loads((tmp_path / 'scale.json').read_text())
    assert (len(coco['images']), len(coco['annotations'])) == (30, boxes)
    assert found['size'] > 100 * boxes
    masks = scale.make_masks.__wrapped__(generated.ann_file, 9)
    assert masks['masks'] == 9 * 8
    assert masks['peak'] > 0


def test_stage3_and_growth_have_rows(tool, generated, monkeypatch):
    monkeypatch.setattr(tool('measure'), 'in_fresh_process', None)
    growth = tool('bench_growth')
    monkeypatch.setattr(growth, 'SIZES', (1, 10, 100))
    monkeypatch.setattr(growth, 'start_up', lambda n: dict(seconds=n / 1000))
    monkeypatch.setattr(
        growth, 'make_masks',
        lambda _, n: dict(merging=n / 1000, joining=n * n / 1000))
    rows = growth.rows(generated)
    assert [row.ours for row in rows] == [1] * 6 + [1, 10, 100]
    assert [row.met for row in rows
            ] == [None, None, True, None, None, True, None, None, False]
    pytest.importorskip('mmcv._ext')
    stage3 = tool('bench_stage3')
    monkeypatch.setattr(stage3, 'SCALE', (64, 64))
    row, = stage3.rows(generated)
    assert row.goal == 'at most 1.05'


def test_training_from_files_tells_how_long_it_waits(tool, generated,
                                                     monkeypatch):
    import tiny
    gpu = tool('bench_gpu')
    monkeypatch.setattr(gpu, 'STEPS', 2)
    monkeypatch.setattr(gpu, 'WARM_UP', 1)
    monkeypatch.setattr(tool('bench_training_data'), 'SIZE', 32)
    speed, share = gpu.training_rows(generated, tiny.model().train(), 1)
    assert speed.ours > 0 and 0 < share.ours < 100
    if not torch.cuda.is_available():
        assert gpu.rows(generated) == []


def test_heads_on_the_concatenated_maps_learn_the_same(tool):
    import tiny
    step = tool('bench_training_step')
    inputs, samples = tiny.patches(['box', 'mask'])
    grads = []
    for run in (step.our_step, step.plain_heads_step):
        net = tiny.model().train()
        run(net, inputs, samples)
        grads.append(tiny.gradients(net))
    for name, grad in grads[0].items():
        torch.testing.assert_close(
            grad, grads[1][name], rtol=1e-3, atol=1e-5, msg=name)


def test_the_steps_that_are_compared_train_the_same_head(tool):
    """The bare head on the concatenated map gives the logits of ours."""
    import tiny
    step = tool('bench_training_step')
    net = tiny.model().eval()
    inputs, _ = tiny.patches(['box', 'mask'])
    torch.testing.assert_close(
        step.bare_logits(net, inputs),
        net.salient_head(net.extract_feat(inputs)),
        rtol=1e-4,
        atol=1e-4)


def test_small_model_has_rows_of_its_switches(tool, monkeypatch):
    step = tool('bench_training_step')
    monkeypatch.setattr(step, 'SMALL_SIZE', 32)
    monkeypatch.setattr(step.shutil, 'which', lambda name: None)
    heads, bf16 = step.small_rows()
    assert 'concatenated' in heads.what and 'bf16' in bf16.what
    assert all(row.plain > 0 and row.ours > 0 for row in (heads, bf16))

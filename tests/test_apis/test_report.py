import json
import re

import cv2
import numpy as np
import pytest
from report_files import write_report_files

from mmboxcaseg.apis.report import make_report


@pytest.fixture
def make(tmp_path):
    """Function that makes the report; returns the page."""
    write_report_files(tmp_path)

    def run(masks='masks.json', **options):
        path = make_report(
            str(tmp_path / masks),
            str(tmp_path / 'img'),
            str(tmp_path / 'report'),
            **options,
        )
        assert path == str(tmp_path / 'report' / 'index.html')
        return (tmp_path / 'report' / 'index.html').read_text()

    return run


def anns_of(tmp_path):
    """The annotations of the file that are no crowds."""
    return json.loads((tmp_path / 'masks.json').read_text())['annotations'][1:]


def written(tmp_path):
    return {path.name for path in (tmp_path / 'report').iterdir()}


GALLERIES = {f'gallery_{group}.png' for group in ('best', 'median', 'worst', 'ignored')}


def test_page_and_pngs(make, tmp_path):
    page = make(agreement_thr=0.8)
    names = {'histogram.png', 'ignored.png', 'classes.png', *GALLERIES}
    assert written(tmp_path) == names | {'index.html'}
    for name in names:
        assert cv2.imread(str(tmp_path / 'report' / name)) is not None
    scores = [ann['proxy_agreement'] for ann in anns_of(tmp_path)]
    ignored = sum(score < 0.8 for score in scores)
    assert f'<b>{sum(scores) / 30:.3f}</b><span>mean agreement' in page
    assert f'<b>{100 - 100 * ignored / 30:.1f} %</b><span>kept at agreement 0.8' in page
    assert '1 crowds are not counted' in page and '1.2.3' in page
    # Each picture of the four groups, all 30 once in the first three.
    cards = re.findall(r'data-class="(\d+)" data-agreement="([\d.]+)"', page)
    assert len(cards) == 30 + ignored
    assert sorted(float(score) for _, score in cards[:30]) == sorted(scores)
    assert sum(number == '2' for number, _ in cards[:30]) == 1
    # No name is taken for a tag, and nothing is fetched from anywhere.
    assert '<b>cat</b>' not in page and '&lt;b&gt;cat&lt;/b&gt; (' in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert 'mean IoU' not in page
    # Nothing is said of what the file does not have.
    assert 'onfidence' not in page[page.index('<body>') : page.index('<script>')]


def test_confidence_beside_agreement(make, tmp_path):
    (tmp_path / 'with').mkdir()
    write_report_files(tmp_path / 'with', with_confidence=True)
    (tmp_path / 'with' / 'masks.json').rename(tmp_path / 'masks.json')
    page = make(agreement_thr=0.8, num=5)
    assert written(tmp_path) == {
        'confidence.png',
        'histogram.png',
        'ignored.png',
        'classes.png',
        'index.html',
        *GALLERIES,
    }
    anns = anns_of(tmp_path)
    confidences = [ann['proxy_confidence'] for ann in anns]
    assert f'<b>{np.mean(confidences):.3f}</b><span>mean confidence' in page
    assert f'<b>{np.median(confidences):.3f}</b><span>median confid' in page
    cards = re.findall(
        r'data-class="(\d)" data-confidence="([\d.]+)" '
        r'data-agreement="([\d.]+)"',
        page,
    )
    assert len(cards) == 20
    agreement_of = {ann['proxy_confidence']: ann['proxy_agreement'] for ann in anns}
    for _, confidence, agreement in cards:
        assert agreement_of[float(confidence)] == float(agreement)
    # One of each class first, then the second of each of the two others.
    of_class = {}
    for ann in anns:
        of_class.setdefault(ann['category_id'], []).append(ann['proxy_confidence'])
    best = [score for scores in of_class.values() for score in sorted(scores)[::-1][:2]]
    assert [float(score) for _, score, _ in cards[:5]] == sorted(best)[::-1]
    # The ignored are told by the agreement alone.
    assert all(float(agreement) < 0.8 for _, _, agreement in cards[15:])
    page = make(agreement_thr=0, confidence_thr=0.5)
    low = sum(score < 0.5 for score in confidences)
    assert (
        f'<b>{100 - 100 * low / 30:.1f} %</b><span>kept at agreement 0, '
        'confidence 0.5' in page
    )


def test_no_mask_is_shown_as_ignored_without_a_threshold(make, tmp_path):
    """However low its scores are; unless a person rejected it."""
    page = make()
    assert not (tmp_path / 'report' / 'gallery_ignored.png').exists()
    assert len(re.findall('<figure class="card"', page)) == 30
    body = page[page.index('<body>') : page.index('<script>')]
    for word in ('kept at', 'hatched', 'group-ignored', '>ignored<', 'ignored mask'):
        assert word not in body
    text = ' '.join(body.split())
    assert 'so no mask is shown as ignored' in text
    assert 'Best, median and worst are by agreement' in text
    data = json.loads((tmp_path / 'masks.json').read_text())
    data['annotations'][5]['proxy_review'] = 'rejected'
    (tmp_path / 'masks.json').write_text(json.dumps(data))
    page = make()
    assert '<em>rejected</em>' in page and '<em>ignored</em>' not in page
    assert page.count('<small>rejected, drawn at random</small>') == 1
    assert len(re.findall('<figure class="card"', page)) == 31
    assert 'class="key hatched"' in page and 'kept at' not in page


def ranks(values):
    return [
        (sum(b < a for b in values) + sum(b <= a for b in values)) / 2 for a in values
    ]


@pytest.mark.parametrize('with_confidence', [False, True])
def test_with_true_masks(make, tmp_path, with_confidence):
    folder = tmp_path / 'new'
    folder.mkdir()
    anns = write_report_files(folder, with_confidence)
    (folder / 'masks.json').rename(tmp_path / 'masks.json')
    page = make(truth=str(folder / 'true.json'))
    ious = []
    for ann in anns:
        side = ann['bbox'][3]
        rows = round(ann['proxy_agreement'] * side)
        ious.append(rows / min(rows + 1, side))
    assert f'mean IoU {np.mean(ious):.3f}' in page
    assert page.count('<span>IoU <i>1.00</i></span>') > 0
    scores = ['confidence', 'agreement'][not with_confidence :]
    for score in scores:
        rank = np.corrcoef(ranks(ious), ranks([ann[f'proxy_{score}'] for ann in anns]))[
            0, 1
        ]
        assert f'rank correlation {rank:.2f}' in page
        assert f'<b>{rank:.2f}</b><span>Spearman, {score} and IoU' in page
        assert f'IoU by {score}, as numbers' in page
    charts = {name for name in written(tmp_path) if name.startswith('iou')}
    assert (
        charts == {'iou.png', 'iou_confidence.png'} if with_confidence else {'iou.png'}
    )


@pytest.mark.parametrize(
    'change, message',
    [
        (
            lambda data: data['annotations'][1].pop('proxy_agreement'),
            'annotation 100 has no "proxy_agreement"',
        ),
        (
            lambda data: data['annotations'][1].update(proxy_agreement=1.5),
            'annotation 100 has "proxy_agreement" 1.5',
        ),
        (lambda data: data.update(annotations=[]), 'no annotation has a mask'),
    ],
)
def test_files_of_another_kind(make, tmp_path, change, message):
    data = json.loads((tmp_path / 'masks.json').read_text())
    change(data)
    (tmp_path / 'other.json').write_text(json.dumps(data))
    with pytest.raises(ValueError, match=message):
        make(masks='other.json')
    assert not (tmp_path / 'report').exists()


@pytest.mark.parametrize(
    'options, error, message',
    [
        (dict(truth='none.json'), FileNotFoundError, 'none.json'),
        (dict(masks='none.json'), FileNotFoundError, 'none.json'),
        (dict(agreement_thr=95), ValueError, 'must be from 0 to 1'),
        (dict(confidence_thr=0.5), ValueError, 'no confidence'),
        (dict(num=0), ValueError, 'must be at least 1'),
    ],
)
def test_mistakes(make, tmp_path, options, error, message):
    with pytest.raises(error, match=message):
        make(**options)
    assert not (tmp_path / 'report').exists()


def test_no_folder_of_photos(make, tmp_path):
    (tmp_path / 'img').rename(tmp_path / 'photos')
    with pytest.raises(FileNotFoundError, match='photos: no folder'):
        make()

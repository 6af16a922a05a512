"""Measure what training on your own boxes brings, on different domains.

For each domain it scores the filled boxes, GrabCut, the model of the package,
this model after trainings of some minutes or iterations, and models trained as
long from ImageNet weights. Masks of photos that were not trained on are scored,
before merging. If a run was stopped, the same command resumes it.

Example:
    python tools/benchmarks/train_your_own.py --data data \
        --domains shapes microscope --iters 300 600 --work-dir work_dirs/own
"""

import argparse
import os
import os.path as osp
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import own_domains

DOMAINS = ('shapes', 'microscope', 'coco', 'davis')
COLUMNS = ('mIoU', 'IoU@50', 'IoU@75')


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line; imports nothing heavy."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--data', default='data', help='folder that has coco_mini (default: data)'
    )
    parser.add_argument(
        '--domains', nargs='+', choices=DOMAINS, default=list(DOMAINS[:3])
    )
    parser.add_argument(
        '--davis',
        help='folder of DAVIS 2016, for the domain davis: it has '
        'JPEGImages/480p and Annotations/480p',
    )
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument(
        '--minutes',
        nargs='+',
        type=float,
        help='minutes of each training, such as 5 15 60',
    )
    budget.add_argument(
        '--iters', nargs='+', type=int, help='iterations of each training'
    )
    parser.add_argument(
        '--salient',
        help='folder of salient images, such as DUTS-TR; each training is '
        'repeated with them, and --imagenet needs them',
    )
    parser.add_argument(
        '--imagenet',
        help="ImageNet weights of MobileNetV2 by mmseg's names; each training is "
        'repeated from them',
    )
    parser.add_argument('--work-dir', default='work_dirs/own')
    args = parser.parse_args(argv)
    if args.imagenet and not args.salient:
        parser.error(
            '--imagenet needs --salient, since the salient head is not pretrained'
        )
    if 'davis' in args.domains and not args.davis:
        parser.error('the domain davis needs --davis, the folder of its frames')
    return args


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        domain (str): Name of the domain.
        name (str): Name of what made the masks.
        iters (int | None): Number of iterations of the training, if there was
            one.
        metrics (dict[str, float]): Metrics in percent by name.
        verdict (str): Verdict of the training; empty without one.
    """

    domain: str
    name: str
    iters: int | None
    metrics: dict[str, float]
    verdict: str = ''


def domain_of(name: str, args: argparse.Namespace) -> own_domains.Domain:
    """Prepare a domain."""
    out = osp.join(args.work_dir, 'domains', name)
    if name == 'shapes':
        return own_domains.shapes(out)
    if name == 'davis':
        return own_domains.davis(args.davis, out)
    return own_domains.mini(name, args.data, out, changed=name == 'microscope')


def baseline(domain: own_domains.Domain, method: str, folder: str) -> Row:
    """Score the masks of a method without a network."""
    from mmboxcaseg.annotations import read_masks
    from mmboxcaseg.proxy_masks import write_json
    from mmboxcaseg.proxy_masks.baselines import baseline_masks

    path = osp.join(folder, f'{method}.json')
    if not osp.isfile(path):
        masks = baseline_masks(
            read_masks(domain.val), method, domain.val_photos, merge=False
        )
        write_json(path, masks)
    return Row(domain.name, method, None, scores(path, domain))


def scores(path: str, domain: own_domains.Domain) -> dict[str, float]:
    """Scores of a file of masks."""
    from mmboxcaseg.apis import score_masks

    return dict(score_masks(path, domain.val, agreement_thrs=()).row().metrics)


def masks_of(domain: own_domains.Domain, out: str, **model: str) -> dict[str, float]:
    """Make masks of the domain's ``val`` with a model, and score them."""
    from mmboxcaseg.apis import MaskOptions, make_proxy_masks

    make_proxy_masks(
        MaskOptions(
            ann=domain.val,
            img_dir=domain.val_photos,
            out=out,
            merge=False,
            resume=True,
            **model,
        )
    )
    return scores(out, domain)


def trained(
    domain: own_domains.Domain, name: str, folder: str, **options: object
) -> Row:
    """Train a model and score it, whatever the verdict is."""
    from mmboxcaseg.apis import TrainOptions, train

    verdict = train(
        TrainOptions(
            ann=domain.train, img_dir=domain.train_photos, out=folder, **options
        )
    )
    metrics = masks_of(
        domain,
        f'{folder}.json',
        config=osp.join(folder, 'trained.py'),
        checkpoint=osp.join(folder, 'trained.pth'),
    )
    said = f'{verdict.measure} {verdict.gain:+.1f}'
    return Row(domain.name, name, verdict.iters, metrics, said)


def imagenet_model(weights: str, folder: str) -> str:
    """Make a small model whose backbone has ImageNet weights, for ``--from``.

    Args:
        weights (str): Weights of MobileNetV2 by mmseg's names.
        folder (str): Folder to write to.

    Returns:
        str: Path of the checkpoint. Its heads have random weights, the same
        ones each time.
    """
    import torch

    from mmboxcaseg.engine import own_training
    from mmboxcaseg.proxy_masks.settings import file_sha256
    from mmboxcaseg.registry import MODELS
    from mmboxcaseg.training import SIZES

    path = osp.join(folder, f'imagenet_{file_sha256(weights)[:8]}.pth')
    if not osp.isfile(path):
        cfg = own_training.recipe(f'{SIZES["small"]}.py')
        cfg.model.backbone.init_cfg = dict(type='Pretrained', checkpoint=weights)
        torch.manual_seed(0)
        model = MODELS.build(cfg.model)
        model.init_weights()
        torch.save(dict(state_dict=model.state_dict()), f'{path}.part')
        os.replace(f'{path}.part', path)
    return path


def rows(domain: own_domains.Domain, args: argparse.Namespace) -> Iterator[Row]:
    """All rows of a domain."""
    folder = osp.join(args.work_dir, domain.name)
    os.makedirs(folder, exist_ok=True)
    for method in ('box', 'grabcut'):
        yield baseline(domain, method, folder)
    default = masks_of(domain, osp.join(folder, 'default.json'))
    yield Row(domain.name, 'default model', None, default)
    budgets = [(f'{one:g} minutes', dict(minutes=one)) for one in args.minutes or ()]
    budgets += [(f'{one} iterations', dict(iters=one)) for one in args.iters or ()]
    for name, budget in budgets:
        place = osp.join(folder, name.replace(' ', '_'))
        yield trained(domain, name, place, **budget)
        if args.salient:
            more = dict(budget, salient=args.salient)
            yield trained(domain, f'{name}, salient', f'{place}_salient', **more)
        if args.imagenet:
            more['start'] = imagenet_model(args.imagenet, args.work_dir)
            yield trained(domain, f'{name}, ImageNet', f'{place}_imagenet', **more)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line tool."""
    args = parse_args(argv)
    from mmboxcaseg.markdown import markdown_table

    done = [row for name in args.domains for row in rows(domain_of(name, args), args)]
    header = ['domain', 'masks', 'iterations', *COLUMNS, 'its own verdict']
    lines = [
        [
            row.domain,
            row.name,
            '-' if row.iters is None else str(row.iters),
            *[row.metrics[one] for one in COLUMNS],
            row.verdict,
        ]
        for row in done
    ]
    print(markdown_table(header, lines))


if __name__ == '__main__':
    try:
        main()
    except (OSError, ValueError) as error:
        sys.exit(f'train_your_own: error: {error}')

"""What the docs and the index of models say holds."""

import ast
import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from doc_pages import PAGES, ROOT, blocks, commands, of_boxcaseg, shell_lines
from mmengine.config import Config

from mmboxcaseg.cli.main import COMMANDS, parser

LINKED = [*PAGES, 'CHANGELOG.md']
OPTION = re.compile(r'(?<![\w-])--[a-z][\w-]*')
# Scripts that hand options on, to the one that has them.
HANDED_ON = {
    f'tools/{start}_{stage}.sh': f'tools/{stage}.py'
    for start in ('dist', 'slurm')
    for stage in ('train', 'test')
}


def read_yaml(path):
    return yaml.safe_load((ROOT / path).read_text())


def options_of(words):
    return {
        word.partition('=')[0]
        for word in words
        if OPTION.fullmatch(word.partition('=')[0])
    }


def script_calls():
    """Options that the docs give to scripts of tools/.

    Returns:
        dict[tuple[str, ...], set[str]]: Options by the script, and its
        subcommand where it has one.
    """
    calls = {}
    for page in PAGES:
        for words in commands(page):
            places = [
                place
                for place, word in enumerate(words[:2])
                if word.startswith('tools/')
            ]
            if not places or words[0] not in ('python', 'bash'):
                continue
            script, *rest = words[places[0] :]
            call = (HANDED_ON.get(script, script),)
            if script.endswith('draw_predictions.py'):
                call += (rest[0],)
            calls.setdefault(call, set()).update(options_of(rest))
    return calls


CALLS = script_calls()


def test_shell_lines():
    text = (
        'x=a/b\n# no command\npython $x/c.py --d "e f" \\\n    --g  # h\nboxcaseg masks'
    )
    assert shell_lines(text) == [
        ['python', 'a/b/c.py', '--d', 'e f', '--g'],
        ['boxcaseg', 'masks'],
    ]


def test_commands_are_found():
    # Tests of what was found would pass if nothing was.
    assert ('tools/train.py',) in CALLS
    assert ('tools/misc/draw_predictions.py', 'masks') in CALLS
    assert any(of_boxcaseg(words) for words in commands('README.md'))


@pytest.mark.parametrize('page', PAGES)
def test_boxcaseg_lines_can_be_parsed(page):
    for words in commands(page):
        argv = of_boxcaseg(words)
        if argv is None:
            continue
        try:
            parser().parse_args(argv)
        except SystemExit:
            pytest.fail(f'{page}: {shlex.join(words)}')


@pytest.mark.parametrize('page', LINKED)
def test_boxcaseg_in_the_text(page):
    """Subcommands and options of ``boxcaseg`` that a sentence names exist."""
    text = (ROOT / page).read_text()
    for code in re.findall(r'(?<!`)`(boxcaseg\s[^`]+)`', text):
        name, *rest = code.split()[1:]
        assert name in (*COMMANDS, 'COMMAND'), code
        if name in COMMANDS:
            known = parser_of(name)._option_string_actions
            assert options_of(rest) <= set(known), code


def parser_of(name):
    """The parser of a subcommand."""
    actions = parser()._subparsers._group_actions
    return actions[0].choices[name]


def test_the_paper_names_configs_that_exist():
    """Patterns of the ablations' configs."""
    text = (ROOT / 'docs/paper.md').read_text()
    patterns = re.findall(r'`([\w.-]*\*[\w.*-]*\.py)`', text)
    assert len(patterns) >= 6
    for pattern in patterns:
        assert list(ROOT.glob(f'configs/*/ablations/{pattern}')), pattern


def test_every_option_of_masks_is_described():
    text = (ROOT / 'docs/proxy_masks.md').read_text()
    # Described in the text above the table.
    above = {'--help', '--out', '--config', '--checkpoint'}
    wanted = {
        option
        for option in parser_of('masks')._option_string_actions
        if OPTION.fullmatch(option) and not option.startswith('--local')
    }
    assert wanted - above == set(re.findall(r'^\| `(--[\w-]+)', text, re.M))


@pytest.mark.parametrize('call', sorted(CALLS), ids=' '.join)
def test_scripts_have_the_options(call):
    script, *command = call
    assert (ROOT / script).is_file()
    if script.endswith('.sh'):
        assert not CALLS[call]
        return
    done = subprocess.run(
        [sys.executable, script, *command, '--help'],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert CALLS[call] <= set(OPTION.findall(done.stdout))


@pytest.mark.parametrize('page', PAGES)
def test_files_that_are_named_exist(page):
    text = (ROOT / page).read_text()
    folders = '(?:configs|mmboxcaseg|tests|tools)'
    for path in re.findall(rf'(?<![\w/.-]){folders}/[\w/.-]+\.(?:py|sh)\b', text):
        assert (ROOT / path).is_file(), path


@pytest.mark.parametrize('page', LINKED)
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
                re.sub(r'[^\w\- ]', '', h.lower()).replace(' ', '-') for h in headings
            ], target


@pytest.mark.parametrize('page', PAGES)
def test_python_examples(page):
    """They are Python, and what they import of the package is there."""
    for block in blocks(page, 'python'):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module.startswith(
                'mmboxcaseg'
            ):
                module = importlib.import_module(node.module)
                for alias in node.names:
                    assert hasattr(module, alias.name), alias.name


def test_names_are_where_the_docs_say():
    """A link whose text is a name leads to the file that defines it."""
    pages = ('architecture', 'paper')
    text = ''.join((ROOT / f'docs/{page}.md').read_text() for page in pages)
    links = re.findall(r'\[`([\w.]+)`\]\(\.\./([\w/.-]+\.py)\)', text)
    assert len(links) > 40
    for name, path in links:
        body = ast.parse((ROOT / path).read_text()).body
        for part in name.split('.'):
            found = [
                node
                for node in body
                if isinstance(node, (ast.ClassDef, ast.FunctionDef))
                and node.name == part
            ]
            assert found, f'{path} defines no {name}'
            body = found[0].body


def test_the_architecture_has_every_room():
    text = (ROOT / 'docs/architecture.md').read_text()
    rooms = {path.parent.name for path in (ROOT / 'mmboxcaseg').glob('*/__init__.py')}
    assert rooms == set(re.findall(r'^\|[ \d]*\| `(\w+)/` \|', text, re.M))


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
    assert {model['In Collection'] for model in models} == {
        one['Name'] for one in collections
    }
    for model in models:
        assert model['Name'] == Path(model['Config']).stem
        cfg = Config.fromfile(ROOT / model['Config'])
        for key, name in (('Iterations', 'max_iters'), ('Epochs', 'max_epochs')):
            if key in model.get('Metadata', {}):
                assert cfg.train_cfg[name] == model['Metadata'][key]
        # Numbers that were measured with this code, in percent.
        for result in model.get('Results', ()):
            assert result['Task'] and result['Dataset']
            assert all(0 <= value <= 100 for value in result['Metrics'].values())
    for one in collections:
        assert (ROOT / one['README']).is_file()


def test_config_for_own_data(tmp_path):
    text = (ROOT / 'docs/own_data.md').read_text()
    (block,) = re.findall(r' *```python\n(.*?)```', text, re.S)
    lines = [line[3:] for line in block.splitlines()]
    (tmp_path / 'configs').symlink_to(ROOT / 'configs')
    (tmp_path / 'mine.py').write_text('\n'.join(lines))
    cfg = Config.fromfile(tmp_path / 'mine.py')
    assert cfg.model.roi_head.mask_head.num_classes == 2
    dataset = cfg.train_dataloader.dataset
    assert (dataset.data_root, dataset.ann_file) == (
        'data/mine/',
        'proxy_masks_train.json',
    )
    assert dataset.metainfo == dict(classes=('screw', 'nut'))
    assert dataset.agreement_thr == 0.95
    assert [one.ann_file for one in cfg.test_evaluator] == ['data/mine/val.json'] * 2
    assert cfg.train_cfg.max_iters == 22500

"""The house: no room imports from a floor above it (docs/architecture.md)."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# From the ground up. Rooms of one floor may know each other in one direction
# only, which BESIDE lists.
FLOORS = (
    {
        'decoding',
        'deprecation',
        'head_names',
        'markdown',
        'masks',
        'process',
        'progress',
        'quiet',
        'registry',
        'text',
        'thresholds',
        'version',
    },
    {'annotations', 'converters', 'synthetic'},
    {'prediction'},
    {'datasets', 'evaluation', 'models'},
    {'engine', 'proxy_masks', 'training', 'visualization'},
    {'report'},
    {'apis'},
    {'cli'},
)
BESIDE = {('engine', 'proxy_masks')}
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def room_of(path: Path) -> str:
    """The room of a module: a folder of the package, or a file beside."""
    return path.relative_to(ROOT / 'mmboxcaseg').parts[0].removesuffix('.py')


def imported_rooms(path: Path) -> set:
    """Rooms that a module imports from, also inside functions."""
    package = path.relative_to(ROOT).parent.parts
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = '.'.join((*base, *([node.module] if node.module else [])))
            # "from mmboxcaseg import visualization" names a room too.
            names = [f'{stem}.{alias.name}' for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split('.')
            if parts[0] == 'mmboxcaseg' and parts[1:2] and (parts[1] in FLOOR_OF):
                rooms.add(parts[1])
    return rooms


def modules() -> list:
    """All modules of the package but its own __init__ and the weights'."""
    return [
        path
        for path in (ROOT / 'mmboxcaseg').rglob('*.py')
        if '.mim' not in path.parts and room_of(path) not in ('__init__', 'weights')
    ]


def test_every_room_has_a_floor():
    assert {room_of(path) for path in modules()} == set(FLOOR_OF)


def test_no_import_runs_upwards():
    wrong = []
    for path in modules():
        room = room_of(path)
        for other in imported_rooms(path) - {room}:
            above = FLOOR_OF[other] > FLOOR_OF[room]
            beside = (
                FLOOR_OF[other] == FLOOR_OF[room]
                and FLOOR_OF[room] > 0
                and (room, other) not in BESIDE
            )
            if above or beside:
                wrong.append(f'{path.relative_to(ROOT)} imports {other}')
    assert wrong == []


def test_the_package_does_not_know_the_tools():
    for path in modules():
        tree = ast.parse(path.read_text(encoding='utf-8'))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and not node.level:
                assert node.module.split('.')[0] not in ('tools', 'tests')


def test_imports_are_seen():
    # A test that sees no import would pass in any house.
    seen = imported_rooms(ROOT / 'mmboxcaseg/engine/hooks/proxy_mask_hook.py')
    assert {'annotations', 'masks', 'proxy_masks', 'registry'} <= seen
    seen = imported_rooms(ROOT / 'mmboxcaseg/apis/torch_maker.py')
    assert {'engine', 'annotations', 'progress'} <= seen


def test_tools_edit_no_path():
    for folder in ('tools', 'tests', 'mmboxcaseg'):
        for path in (ROOT / folder).rglob('*.py'):
            if '.mim' in path.parts or path == Path(__file__):
                continue
            text = path.read_text(encoding='utf-8')
            assert 'sys.path.insert' not in text, path
            assert 'sys.path.append' not in text, path
            assert 'import_tool' not in text, path

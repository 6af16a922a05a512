"""The command that an installed package has."""

from importlib.metadata import entry_points

from mmboxcaseg.cli.main import main


def test_boxcaseg_is_the_command():
    (found,) = entry_points(group='console_scripts', name='boxcaseg')
    assert found.load() is main

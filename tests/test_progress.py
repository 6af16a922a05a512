import io
import re

from mmboxcaseg.progress import Progress, Steps, show_progress


def test_lines_come_at_intervals_and_at_the_end():
    now = [100.0]
    progress = Progress(10, interval=5, clock=lambda: now[0])
    now[0] += 2
    assert progress.update(2, 7) is None
    now[0] += 6
    assert progress.update(2, 3) == (
        '4/10 images, 10 instances, 0.5 images/s, 0:00:12 left'
    )
    assert progress.update(5, 1) is None
    assert progress.update(1, 0).startswith('10/10 images, 11 instances')


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def test_lines_elsewhere_than_on_a_terminal():
    stream = io.StringIO()
    with show_progress(3, 'masks', stream) as update:
        update(1, 4)
        update(2)
    (line,) = stream.getvalue().splitlines()
    assert line.startswith('masks: 3/3 images, 4 instances, ')
    assert line.endswith('0:00:00 left')


def test_a_bar_on_a_terminal():
    stream = Terminal()
    with show_progress(3, 'masks', stream) as update:
        update(1, 4)
        update(2, 3)
    # What the bar says at its end.
    text = re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]', '', stream.getvalue())
    assert '3/3 images, 7 instances' in text.splitlines()[-1]


def test_other_things_than_images():
    """They have no instances."""
    stream = io.StringIO()
    with show_progress(2, 'gallery', stream, unit='pictures') as update:
        update(1)
        update(1)
    assert re.fullmatch(
        r'gallery: 2/2 pictures, [\d.]+ pictures/s, 0:00:00 left\n', stream.getvalue()
    )
    stream = Terminal()
    with show_progress(2, 'gallery', stream, unit='pictures') as update:
        update(2)
    text = re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]', '', stream.getvalue())
    last = text.splitlines()[-1]
    assert '2/2 pictures' in last and 'instances' not in last


def test_quiet():
    stream = io.StringIO()
    with show_progress(3, 'masks', stream, quiet=True) as update:
        update(3, 4)
    assert stream.getvalue() == ''


def test_steps_of_a_training():
    """A line every 30 s, with the time left by the rate of this run."""
    stream, now = io.StringIO(), [100.0]
    steps = Steps(110, done=10, stream=stream, clock=lambda: now[0])
    with steps:
        for done in range(11, 111):
            now[0] += 2
            steps.update(done, 'mil 0.1')
            if done == 40:
                steps.tell('agreement 0.9')
    lines = stream.getvalue().splitlines()
    # 15 iterations in 30 s: 85 are left, of 2 s each.
    assert lines[0] == '25/110 iterations: mil 0.1, 0:02:50 left'
    assert '40/110 iterations: agreement 0.9' in lines
    assert lines[-1] == '110/110 iterations: mil 0.1, 0:00:00 left'
    assert len(lines) == 1 + 200 // 30 + 1

from mmboxcaseg.proxy_masks import Progress


def test_lines_come_at_intervals_and_at_the_end():
    now = [100.0]
    progress = Progress(10, interval=5, clock=lambda: now[0])
    now[0] += 2
    assert progress.update(2, 7) is None
    now[0] += 6
    assert progress.update(2, 3) == ('4/10 images, 10 instances, 0.5 images/s,'
                                     ' 0:00:12 left')
    assert progress.update(5, 1) is None
    assert progress.update(1, 0).startswith('10/10 images, 11 instances')

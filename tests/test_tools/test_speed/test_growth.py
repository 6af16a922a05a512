from tools.benchmarks.speed import growth
from tools.benchmarks.speed.coco_scale import Step, make_masks, start_up


def test_cost_of_an_image_at_three_sizes(inputs, monkeypatch):

    def measure(function, images):
        if function is start_up:
            return Step(images / 1000, 0)
        assert function is make_masks
        return dict(
            reading=Step(images / 1000, 0), joining=Step(images * images / 1000, 0)
        )

    monkeypatch.setattr(growth, 'measure', measure)
    rows = growth.rows(inputs)
    assert [row.what for row in rows[:3]] == [
        f'data-set start-up, {images} images' for images in (1, 10, 100)
    ]
    assert [row.ours for row in rows] == [1, 1, 1, 1, 10, 100, 1, 1, 1]

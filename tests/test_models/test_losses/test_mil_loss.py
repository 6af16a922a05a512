import numpy as np
import pytest
import slow
import torch
from loss_cases import HEIGHT, WIDTH, close, labels, leaf

from mmboxcaseg.models.losses import MILLoss, mil_loss, tight_box_lines


@pytest.mark.parametrize('extent', ['line', 'box'])
@pytest.mark.parametrize('reduction', ['mean', 'sum'])
def test_mil_value_and_gradient(extent, reduction):
    logits, label = leaf(), labels()
    loss = mil_loss(logits, torch.from_numpy(label), extent, reduction)
    loss.backward()
    value, grad = slow.mil(logits.detach().numpy(), label, extent, reduction)
    assert loss.shape == () and loss.dtype == torch.float32
    close(loss, value)
    close(logits.grad, grad)
    # One pixel a bag learns at most.
    assert (logits.grad != 0).sum() <= 5 * (HEIGHT + WIDTH)


def test_mil_extents_differ_where_the_best_pixel_is_outside():
    logits = torch.full((1, 4, 4), -3.0)
    logits[0, 0, 1] = 5.0
    label = torch.zeros(1, 4, 4)
    label[0, 1:3, 1:3] = 1
    line = mil_loss(logits, label, 'line').item()
    box = mil_loss(logits, label, 'box').item()
    low, high = slow.sigmoid(-3), slow.sigmoid(5)
    # Columns 0, 3 and rows 0, 3 are negative; row 0 holds the high pixel.
    negatives = -3 * np.log(1 - low) - np.log(1 - high)
    # Column 1 is positive: the high pixel is in the line, not in the box.
    assert line == pytest.approx(
        (negatives - np.log(high) - 3 * np.log(low)) / 8, rel=1e-5
    )
    assert box == pytest.approx((negatives - 4 * np.log(low)) / 8, rel=1e-5)


def test_mil_mean_is_over_576_bags_at_288():
    logits = torch.zeros(2, 288, 288)
    label = torch.zeros(2, 288, 288)
    assert mil_loss(logits, label).item() == pytest.approx(np.log(2))
    total = mil_loss(logits, label, reduction='sum').item()
    assert total == pytest.approx(576 * np.log(2), rel=1e-5)


def test_tight_box_lines():
    label = labels()
    columns, rows = tight_box_lines(torch.from_numpy(label))
    assert columns.shape == (5, WIDTH) and rows.shape == (5, HEIGHT)
    for b in range(5):
        x0, y0, x1, y1 = slow.tight_box(label[b]) or (0, 0, 0, 0)
        assert columns[b].tolist() == [x0 <= x < x1 for x in range(WIDTH)]
        assert rows[b].tolist() == [y0 <= y < y1 for y in range(HEIGHT)]


def test_wrong_settings_are_named():
    with pytest.raises(ValueError, match="bag_extent .* got 'row'"):
        MILLoss(bag_extent='row')
    with pytest.raises(ValueError, match="reduction .* got 'none'"):
        MILLoss(reduction='none')

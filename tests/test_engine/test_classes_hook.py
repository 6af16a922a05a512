from types import SimpleNamespace

import pytest
import torch

from mmboxcaseg.engine import hooks


def loader(*classes):
    return SimpleNamespace(
        dataset=SimpleNamespace(metainfo=dict(classes=classes)))


def runner(number, train, val):
    model = torch.nn.Module()
    model.head = torch.nn.Module()
    model.head.num_classes = number
    model.rpn_head = torch.nn.Module()
    model.rpn_head.num_classes = 1
    return SimpleNamespace(
        model=model, train_dataloader=train, val_dataloader=val, val_loop=val)


def test_classes_fit_together():
    hook = hooks.ClassesHook()
    one, two = loader('cat', 'dog'), loader('dog', 'cat')
    hook.before_train(runner(2, one, one))
    hook.before_train(runner(2, one, None))
    with pytest.raises(ValueError, match='num_classes of head is 20.*2 class'):
        hook.before_train(runner(20, one, one))
    with pytest.raises(ValueError, match="'dog', 'cat'.*'cat', 'dog'"):
        hook.before_train(runner(2, one, two))

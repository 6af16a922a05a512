from types import SimpleNamespace

import pytest
import torch

from mmboxcaseg.engine import hooks


class Images(list):
    """A data set of images with these ids."""

    def get_data_info(self, place):
        return dict(img_id=self[place])


class Metric:
    """A metric that knows the images 1 and 2."""

    def check_images(self, image_ids):
        for image_id in image_ids:
            if image_id not in (1, 2):
                raise ValueError(f'no image {image_id}')


def loader(*classes, images=(1, 2)):
    dataset = Images(images)
    dataset.metainfo = dict(classes=classes)
    return SimpleNamespace(dataset=dataset)


def runner(number, train, val):
    model = torch.nn.Module()
    model.head = torch.nn.Module()
    model.head.num_classes = number
    model.rpn_head = torch.nn.Module()
    model.rpn_head.num_classes = 1
    return SimpleNamespace(
        model=model,
        train_dataloader=train,
        val_dataloader=val,
        val_loop=val
        and SimpleNamespace(evaluator=SimpleNamespace(metrics=[Metric(), object()])),
    )


def test_classes_fit_together():
    hook = hooks.ClassesHook()
    one, two = loader('cat', 'dog'), loader('dog', 'cat')
    hook.before_train(runner(2, one, one))
    hook.before_train(runner(2, one, None))
    with pytest.raises(ValueError, match='num_classes of head is 20.*2 class'):
        hook.before_train(runner(20, one, one))
    with pytest.raises(ValueError, match="'dog', 'cat'.*'cat', 'dog'"):
        hook.before_train(runner(2, one, two))


def test_metrics_know_the_images_that_are_validated():
    hook = hooks.ClassesHook()
    one, other = loader('cat'), loader('cat', images=(1, 2, 3))
    hook.before_train(runner(1, other, one))
    with pytest.raises(ValueError, match='no image 3'):
        hook.before_train(runner(1, one, other))


def test_extra_classes_are_learnt_and_not_detected():
    hook = hooks.ClassesHook()
    train, val = loader('cat', 'dog'), loader('cat', 'dog')
    train.dataset.metainfo['extra_classes'] = ('salient',)
    one = runner(3, train, val)
    with pytest.raises(ValueError, match='num_classes of head is 3.*2 class'):
        hook.before_train(one)
    one.model.head.num_extra_classes = 1
    hook.before_train(one)
    one.test_dataloader = val
    hook.before_test(one)
    # For a box head without any they are background.
    one.model.bbox_head, one.model.other = torch.nn.Module(), torch.nn.Module()
    for head in (one.model.bbox_head, one.model.other):
        head.num_classes = 2
    one.model.bbox_head.num_extra_classes = 0
    hook.before_train(one)
    one.model.other.num_extra_classes = 0
    with pytest.raises(ValueError, match="of other is 0.*1 extra.*'salient'"):
        hook.before_train(one)
    # Nothing to learn the extra class from.
    del one.model.other
    one.train_dataloader = val
    with pytest.raises(ValueError, match='num_extra_classes of head is 1.*0 extra'):
        hook.before_train(one)

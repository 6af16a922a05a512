"""Testing every head of BoxCaseg in one pass over the photos."""

import copy
from dataclasses import replace

import torch
from mmengine.runner import Runner, TestLoop
from mmengine.runner.amp import autocast
from torch.utils.data import DataLoader

from mmboxcaseg.head_names import HEADS
from mmboxcaseg.models import BoxCaseg
from mmboxcaseg.registry import LOOPS

from .unwrapped import unwrapped


@LOOPS.register_module()
class HeadsTestLoop(TestLoop):
    """A test loop that scores each head of the model, and their fusion.

    Each photo is loaded only once. Each head has its own metrics.

    Args:
        runner (Runner): The runner, whose model is a :class:`BoxCaseg`.
        dataloader (DataLoader | dict): Data loader of the photos, or its
            config.
        evaluator (dict | list[dict]): Config of the metrics.
        fp16 (bool): Whether predictions are made in half precision. Defaults
            to False.

    Raises:
        ValueError: If the model is no BoxCaseg.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        evaluator: dict | list,
        fp16: bool = False,
    ) -> None:
        model = unwrapped(runner.model)
        if not isinstance(model, BoxCaseg):
            raise ValueError(
                'only a BoxCaseg has heads to score, but the model of the config '
                f'is a {type(model).__name__}; give the config of a BoxCaseg'
            )
        self.options = {
            head: replace(model.predict_options, head=head)
            for head in (*HEADS, 'fused')
            if head == 'fused' or getattr(model, f'{head}_head')
        }
        # The fusion uses the evaluator that TestLoop builds.
        others = [head for head in self.options if head != 'fused']
        self.evaluators = {
            head: runner.build_evaluator(copy.deepcopy(evaluator)) for head in others
        }
        super().__init__(runner, dataloader, evaluator, fp16)
        for one in self.evaluators.values():
            one.dataset_meta = self.evaluator.dataset_meta
        self.evaluators['fused'] = self.evaluator

    def run(self) -> dict[str, dict[str, float]]:
        """Test all heads.

        Returns:
            dict[str, dict[str, float]]: Metrics by head: those of ``weak``,
            ``salient`` and ``transferred`` that the model has, and ``fused``.
        """
        self.runner.call_hook('before_test')
        self.runner.call_hook('before_test_epoch')
        self.runner.model.eval()
        for idx, data_batch in enumerate(self.dataloader):
            self.run_iter(idx, data_batch)
        size = len(self.dataloader.dataset)
        metrics = {
            head: evaluator.evaluate(size)
            for head, evaluator in self.evaluators.items()
        }
        # Hooks can log only numbers, so the nested metrics are flattened.
        flat = {
            f'{head}/{key}': value
            for head, numbers in metrics.items()
            for key, value in numbers.items()
        }
        self.runner.call_hook('after_test_epoch', metrics=flat)
        self.runner.call_hook('after_test')
        return metrics

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: dict) -> None:
        """Predict a batch with each head.

        Args:
            idx (int): Number of the batch.
            data_batch (dict): A batch of the data loader.
        """
        self.runner.call_hook('before_test_iter', batch_idx=idx, data_batch=data_batch)
        model = unwrapped(self.runner.model)
        with autocast(enabled=self.fp16):
            data = model.data_preprocessor(data_batch, False)
            for head, options in self.options.items():
                outputs = model.predict(**data, options=options)
                self.evaluators[head].process(
                    data_samples=outputs, data_batch=data_batch
                )
        self.runner.call_hook(
            'after_test_iter', batch_idx=idx, data_batch=data_batch, outputs=outputs
        )

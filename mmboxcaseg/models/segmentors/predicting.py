"""How a BoxCaseg predicts (the paper, Sec. 3.4)."""

from collections.abc import Mapping

import numpy as np
import torch
from mmseg.structures import SegDataSample
from torch import Tensor

from mmboxcaseg.prediction import Network, PredictOptions, crop_probs

from ..losses import fused_probs
from .crop_masks import instances_of
from .folded import FoldedHeads, FoldedNetwork, fold_backbone, fold_head
from .prepared import PreparedWeights, Weights


class Predicting(PreparedWeights):
    """The prediction of :class:`BoxCaseg`, which inherits from it.

    Backbone, heads and options are that class's.
    """

    def _weights_for(self, options: PredictOptions) -> Weights:
        """Weights of the transferred head, None if it takes no part."""
        if 'transferred' in options.heads(self._built):
            return self.prepared_weights()
        return None

    def _probs(
        self, inputs: Tensor, options: PredictOptions, transferred: Weights
    ) -> Tensor:
        """:meth:`encode_decode` with weights for the transferred head."""
        names = options.heads(self._built)
        feats = self.extract_feat(inputs)
        size = tuple(inputs.shape[-2:])
        logits = {
            name: self._head_logits(name, feats, size, transferred) for name in names
        }
        return self.combined(logits, options)

    def combined(self, logits: Mapping[str, Tensor], options: PredictOptions) -> Tensor:
        """Probabilities (B, H, W) from the logits of the heads by name."""
        if options.head == 'fused' and len(logits) > 1:
            return fused_probs(
                logits['salient'], logits['transferred'], self.alpha, self.fuse
            )
        probs = [x.float().sigmoid() for x in logits.values()]
        return sum(probs) / len(probs)

    def fold(self, options: PredictOptions, sample: Tensor) -> FoldedNetwork | None:
        """The network of a prediction with as few operations as can be.

        Args:
            options (PredictOptions): Only ``head`` matters here.
            sample (Tensor): Normalised crops on which the backbone is compared
                with its folded copy, shape (B, 3, H, W).

        Returns:
            FoldedNetwork | None: A copy, which keeps the weights of now; None
            if the heads can't be folded, see :func:`fold_head`.

        Raises:
            ValueError: If the model lacks the head of the options.
        """
        transferred = self._weights_for(options)
        names = options.heads(self._built)
        heads = [
            fold_head(
                getattr(self, f'{name}_head'),
                transferred if name == 'transferred' else None,
            )
            for name in names
        ]
        if None in heads:
            return None
        return FoldedNetwork(
            fold_backbone(self.backbone, self._laid_out(sample)),
            FoldedHeads(heads),
            names,
            self.channels_last,
        )

    def folded_network(
        self, options: PredictOptions, sample: Tensor
    ) -> FoldedNetwork | None:
        """:meth:`fold`, once for all predictions as the weights are prepared.

        Args:
            options (PredictOptions): See there.
            sample (Tensor): See there.

        Returns:
            FoldedNetwork | None: None in training mode too.
        """
        if self.training:
            return None
        return self.kept(
            ('folded', options.head), lambda: self._fold_compiled(options, sample)
        )

    def _fold_compiled(
        self, options: PredictOptions, sample: Tensor
    ) -> FoldedNetwork | None:
        folded = self.fold(options, sample)
        if folded is not None and self._compile_options is not False:
            folded.compile(**self._compile_options)
        return folded

    def network(self, options: PredictOptions | None = None) -> Network:
        """Crops in, probabilities out: what :func:`crop_probs` takes.

        Args:
            options (PredictOptions, optional): Defaults to None: the model's
                own. ``head`` and ``precision`` matter here.

        Returns:
            Network: It computes on the model's device, without gradients.

        Raises:
            ValueError: If the model lacks the head of the options.
        """
        options = options or self.predict_options
        transferred = self._weights_for(options)
        device = next(self.parameters()).device

        def probs_of(patches: Tensor) -> Tensor:
            folded = self.folded_network(options, patches[:1])
            if folded is None:
                return self._probs(patches, options, transferred)
            return self.combined(folded(patches), options)

        @torch.no_grad()
        def run(crops: np.ndarray) -> np.ndarray:
            patches = self.data_preprocessor.normalize(
                torch.from_numpy(crops).to(device)
            )
            with torch.autocast(
                device.type,
                dtype=torch.bfloat16,
                enabled=options.precision == 'bf16',
            ):
                probs = probs_of(patches)
            return probs.float().cpu().numpy()

        return run

    @torch.no_grad()
    def predict(
        self,
        inputs: list[Tensor],
        data_samples: list[SegDataSample],
        options: PredictOptions | None = None,
    ) -> list[SegDataSample]:
        """Masks of the boxes of some images.

        Args:
            inputs (list[Tensor]): Crops of one image each, uint8, shape
                (N_i * M, 3, S, S): M crops a box, one after the other.
            data_samples (list[SegDataSample]): With ``prompt_instances``,
                whose ``rects`` (N_i, 4) are the boxes' pixel rectangles, and
                where crops show more than the box, ``windows`` (N_i, M, 4),
                see :func:`box_probs`; without, M is 1. A sample with the meta
                key ``skipped`` is left as it is.
            options (PredictOptions, optional): How masks are made. Defaults
                to None: the model's own, ``predict_options``.

        Returns:
            list[SegDataSample]: The same with ``pred_instances``: ``rects``
            as given, ``masks``, a list of N_i boolean arrays of the size of
            their rectangles, ``confidence``, shape (N_i, ), in [0, 1], see
            :func:`masks_in_rects`, and on request ``probs``, a list of float32
            arrays in [0, 1] of the same sizes, as compared with the threshold.

        Raises:
            ValueError: If the model lacks the head of the options.
        """
        options = options or self.predict_options
        crops = torch.cat(inputs).cpu().numpy()
        probs = crop_probs(self.network(options), crops, options)
        for sample in data_samples:
            if 'skipped' in sample:
                continue
            prompts = sample.prompt_instances
            sample.pred_instances = instances_of(
                probs, prompts.rects, prompts.get('windows'), options
            )
        return data_samples

    def test_step(
        self, data: dict, options: PredictOptions | None = None
    ) -> list[SegDataSample]:
        """Masks of a batch of the data loader.

        Args:
            data (dict): ``inputs`` and ``data_samples``, see :meth:`predict`,
                on any device.
            options (PredictOptions, optional): Defaults to None: the model's
                own.

        Returns:
            list[SegDataSample]: As :meth:`predict`.
        """
        if options is None:
            return super().test_step(data)
        return self.predict(**self.data_preprocessor(data, False), options=options)

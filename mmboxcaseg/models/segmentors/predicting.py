"""The prediction of BoxCaseg (the paper, Sec. 3.4)."""

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
    """The prediction of :class:`BoxCaseg`, which inherits from this class.

    :class:`BoxCaseg` has the backbone, the heads and the options.
    """

    def _weights_for(self, options: PredictOptions) -> Weights:
        """Weights of the transferred head; None if it is not needed."""
        if 'transferred' in options.heads(self._built):
            return self.prepared_weights()
        return None

    def _probs(
        self, inputs: Tensor, options: PredictOptions, transferred: Weights
    ) -> Tensor:
        """Probabilities (B, H, W) of inputs (B, 3, H, W)."""
        names = options.heads(self._built)
        feats = self.extract_feat(inputs)
        size = tuple(inputs.shape[-2:])
        logits = {
            name: self._head_logits(name, feats, size, transferred) for name in names
        }
        return self.combined(logits, options)

    def combined(self, logits: Mapping[str, Tensor], options: PredictOptions) -> Tensor:
        """Combine the heads of a prediction.

        Args:
            logits (Mapping[str, Tensor]): Logits of shape (B, H, W) by the
                name of the head.
            options (PredictOptions): Options of the prediction, of which
                ``head`` is used.

        Returns:
            Tensor: Probabilities in [0, 1], float32, shape (B, H, W).
        """
        if options.head == 'fused' and len(logits) > 1:
            return fused_probs(
                logits['salient'], logits['transferred'], self.alpha, self.fuse
            )
        probs = [x.float().sigmoid() for x in logits.values()]
        return sum(probs) / len(probs)

    def fold(self, options: PredictOptions, sample: Tensor) -> FoldedNetwork | None:
        """Fold the parts of the network that a prediction needs.

        Args:
            options (PredictOptions): Options of the prediction, of which
                ``head`` is used.
            sample (Tensor): Normalised crops on which the backbone is compared
                with its folded copy, shape (B, 3, H, W).

        Returns:
            FoldedNetwork | None: A copy with the present weights; None if the
            heads can't be folded, see :func:`fold_head`.

        Raises:
            ValueError: If the model lacks the head of the options.
        """
        self.check_channels(sample)
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
        """Fold the network once for all predictions, see :meth:`fold`.

        Args:
            options (PredictOptions): Options of the prediction, of which
                ``head`` is used.
            sample (Tensor): Normalised crops for the check, shape
                (B, 3, H, W).

        Returns:
            FoldedNetwork | None: The folded network; None in training mode or
            if the heads can't be folded.
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
        """The network as a function from crops to probabilities.

        Args:
            options (PredictOptions, optional): Options of the prediction, of
                which ``head`` and ``precision`` are used. Defaults to None:
                those of the model.

        Returns:
            Network: The network, for :func:`crop_probs`. It runs on the
            model's device, without gradients.

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
        """Predict the masks of the boxes of images.

        Args:
            inputs (list[Tensor]): Crops of each image, uint8, shape
                (N_i * M, 3, S, S); the M crops of a box follow each other.
            data_samples (list[SegDataSample]): Data samples with
                ``prompt_instances``: ``rects`` (N_i, 4) are the pixel
                rectangles of the boxes; ``windows`` (N_i, M, 4) are needed if
                crops show more than the box, see :func:`box_probs`, otherwise
                M is 1. A sample with the meta key ``skipped`` is not changed.
            options (PredictOptions, optional): Options of the prediction.
                Defaults to None: those of the model.

        Returns:
            list[SegDataSample]: The data samples with ``pred_instances``, see
            :func:`~mmboxcaseg.models.segmentors.crop_masks.instances_of`.

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
        """Predict the masks of a batch of the data loader.

        Args:
            data (dict): ``inputs`` and ``data_samples``, see :meth:`predict`,
                on any device.
            options (PredictOptions, optional): Options of the prediction.
                Defaults to None: those of the model.

        Returns:
            list[SegDataSample]: See :meth:`predict`.
        """
        if options is None:
            return super().test_step(data)
        return self.predict(**self.data_preprocessor(data, False), options=options)

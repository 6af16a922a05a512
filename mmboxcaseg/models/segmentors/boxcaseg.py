"""BoxCaseg: box-supervised class-agnostic object segmentation."""

import warnings
from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmseg.models.segmentors import BaseSegmentor
from mmseg.structures import SegDataSample
from torch import Tensor
from torch.nn import functional as F

from mmboxcaseg.head_names import HEADS
from mmboxcaseg.prediction import PredictOptions
from mmboxcaseg.prediction.other_boxes import COLOURS, MAPS
from mmboxcaseg.registry import MODELS

from ..heads import ProducedHead
from ..losses import check_fusion
from ..supervision import masked_samples
from .input_channels import add_input_channels, zero_unless_loaded
from .predicting import Predicting
from .prepared import Weights


@MODELS.register_module()
class BoxCaseg(Predicting, BaseSegmentor):
    """The joint network of the paper (Sec. 3.2 and 3.3, Fig. 4).

    Each sample trains the weak head with the MIL loss. Samples with a mask
    also train the salient and the transferred head with the pixel loss of
    their fusion. The meta key ``supervision`` of a sample is ``'box'`` or
    ``'mask'``.

    Any of the three heads may be None, but not all. Each head takes all maps
    of the backbone.

    Args:
        backbone (dict): Config of a backbone with maps at several strides,
            such as ``mmseg.HRNet``.
        weak_head (dict, optional): Config of :class:`SegmentationHead`.
            Defaults to None.
        salient_head (dict, optional): Config of :class:`SegmentationHead`.
            Defaults to None.
        transferred_head (dict, optional): Config of
            :class:`TransferredHead`, which needs a weak head, or, for
            prediction, of :class:`ProducedHead`, which needs none. Defaults
            to None.
        loss_mil (dict): Config of the unary terms of Eq. 1. Defaults to
            ``MILLoss``.
        loss_smooth (dict, optional): Config of Eq. 2 with its weight.
            Defaults to ``PairwiseSmoothnessLoss`` with weight 0.05.
        loss_color (dict, optional): Config of a further loss of the weak
            head, such as ``ColorPairsLoss``; not in the paper. Defaults to
            None.
        loss_pixel (dict): Config of Eq. 3. Defaults to ``FusedPixelLoss``.
        alpha (float): Weight of the salient head in the fusion, in [0, 1].
            Defaults to 0.7.
        fuse (str): ``'prob'`` or ``'logit'``, see :func:`fused_probs`.
            Defaults to ``'prob'``.
        channels_last (bool): Whether weights and features have the memory
            format ``channels_last``, with which convolutions are faster on
            many machines. Results differ by rounding only. Defaults to False.
        other_boxes (bool): Whether patches have two further channels with the
            other boxes of the photo, see
            :func:`~mmboxcaseg.prediction.other_boxes.other_box_maps`. The
            data sets and their transforms need the same option. Defaults to
            False.
        compile (bool | dict): Whether backbone and heads are compiled by
            :func:`torch.compile`; a dict has its options, such as
            ``dict(mode='max-autotune')``. Results differ by rounding only.
            Defaults to False.
        test_cfg (dict, optional): Options of the prediction, with the keys
            and values of :class:`PredictOptions`. Defaults to None: its
            defaults.
        train_cfg (dict, optional): Not used. Defaults to None.
        data_preprocessor (dict, optional): Config of the data preprocessor.
            Defaults to None.
        init_cfg (dict, optional): Initialisation. Defaults to None.

    Attributes:
        predict_options (PredictOptions): Options of the prediction that
            ``test_cfg`` sets.

    Raises:
        ValueError: If there is no head, a head that another one needs is
            missing, or ``alpha``, ``fuse`` or ``test_cfg`` has a wrong value.
    """

    def __init__(
        self,
        backbone: dict,
        weak_head: dict | None = None,
        salient_head: dict | None = None,
        transferred_head: dict | None = None,
        loss_mil: dict = dict(type='MILLoss'),
        loss_smooth: dict | None = dict(
            type='PairwiseSmoothnessLoss', loss_weight=0.05
        ),
        loss_color: dict | None = None,
        loss_pixel: dict = dict(type='FusedPixelLoss'),
        alpha: float = 0.7,
        fuse: str = 'prob',
        channels_last: bool = False,
        other_boxes: bool = False,
        compile: bool | dict = False,
        test_cfg: dict | None = None,
        train_cfg: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        if isinstance(data_preprocessor, dict):
            # Without a default scope, mmengine would search only its own
            # registry for it.
            data_preprocessor = MODELS.build(data_preprocessor)
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        check_fusion(alpha, fuse)
        self.alpha = alpha
        self.fuse = fuse
        self.channels_last = channels_last
        self.backbone = MODELS.build(backbone)
        self.channels = COLOURS + (MAPS if other_boxes else 0)
        if other_boxes:
            add_input_channels(self.backbone, MAPS)
        self.weak_head = weak_head and MODELS.build(weak_head)
        self.salient_head = salient_head and MODELS.build(salient_head)
        self.transferred_head: Any = transferred_head and MODELS.build(transferred_head)
        self.loss_mil = MODELS.build(loss_mil)
        self.loss_smooth = loss_smooth and MODELS.build(loss_smooth)
        self.loss_color = loss_color and MODELS.build(loss_color)
        self.loss_pixel = MODELS.build(loss_pixel)
        self.train_cfg = train_cfg
        self._check_heads()
        self.predict_options = PredictOptions.from_cfg(test_cfg, self._built)
        self._compile_options = {} if compile is True else compile
        if self._compile_options is not False:
            self._compile(self._compile_options)

    def init_weights(self) -> None:
        """Initialise the weights; then they get the model's memory format."""
        with zero_unless_loaded(self.backbone, COLOURS):
            super().init_weights()
        if self.channels_last:
            # Otherwise each step of a training would convert them. Not before, since
            # random values are drawn in the order of the memory.
            self.to(memory_format=torch.channels_last)

    def _compile(self, options: dict) -> None:
        heads = [getattr(self, f'{name}_head') for name in HEADS]
        for module in (self.backbone, *filter(None, heads)):
            # In place, which keeps the names of the weights.
            module.compile(**options)

    def _check_heads(self) -> None:
        """Raise ValueError if there is no head, or a needed one is missing."""
        if not self._built:
            raise ValueError(
                'BoxCaseg: at least one of weak_head, '
                'salient_head and transferred_head is needed'
            )
        if not self.transferred_head or isinstance(self.transferred_head, ProducedHead):
            return
        if not self.weak_head:
            raise ValueError(
                'BoxCaseg: transferred_head takes its weights from weak_head, '
                'which is None; set both or neither'
            )
        weak, transferred = self.weak_head.channels, self.transferred_head.channels
        if weak != transferred:
            raise ValueError(
                'BoxCaseg: transferred_head takes its weights from weak_head, but '
                f'weak_head has {weak} hidden channels and transferred_head has '
                f'{transferred}; set channels of both to the same number'
            )

    @property
    def _built(self) -> list[str]:
        return [name for name in HEADS if getattr(self, f'{name}_head')]

    @property
    def test_cfg(self) -> Mapping[str, Any]:
        """``predict_options`` as a mapping that can't be changed."""
        return MappingProxyType(asdict(self.predict_options))

    @property
    def has_pixel_heads(self) -> bool:
        """Whether the model has a head that learns from masks."""
        return bool(self.salient_head or self.transferred_head)

    def extract_feat(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Compute the maps that all heads take.

        Args:
            inputs (Tensor): Normalised patches, shape (B, C, H, W). C is 3,
                or 5 with ``other_boxes``.

        Returns:
            tuple[Tensor, ...]: Maps of shape (B, C_i, H_i, W_i), the largest
            first. Those of HRNet and MobileNetV2 have the strides 4, 8, 16
            and 32.

        Raises:
            ValueError: If the inputs have another number of channels.
        """
        self.check_channels(inputs)
        return tuple(self.backbone(self._laid_out(inputs)))

    def check_channels(self, inputs: Tensor) -> None:
        """Check that patches or crops have the channels that the model takes.

        Args:
            inputs (Tensor): Patches or crops, shape (B, C, H, W).

        Raises:
            ValueError: If they have more or fewer.
        """
        if inputs.shape[1] != self.channels:
            raise ValueError(
                f'BoxCaseg takes {self.channels} channels, but the patches have '
                f'{inputs.shape[1]}; other_boxes must be the same in the model and in '
                'the transforms that crop, such as RandomBoxPatch and CropBoxes'
            )

    def _laid_out(self, x: Tensor) -> Tensor:
        if self.channels_last:
            return x.contiguous(memory_format=torch.channels_last)
        return x

    def _head_logits(
        self, name: str, feats: tuple[Tensor, ...], size: tuple, transferred: Weights
    ) -> Tensor | None:
        """Logits (B, H, W) of a head at the input's size; None without it."""
        head = getattr(self, f'{name}_head')
        if not head:
            return None
        logits = head(feats, transferred) if name == 'transferred' else head(feats)
        # Upsampled last, since convolutions then have 16 times fewer positions.
        return F.interpolate(
            logits, size, mode='bilinear', align_corners=False
        ).squeeze(1)

    def produce_weights(self) -> Weights:
        """Predict the weights of the transferred head; None without one."""
        if not self.transferred_head:
            return None
        return self.transferred_head.transfer(self.weak_head)

    def produce_transferred(self) -> None:
        """Deprecated: produce the weights of the transferred head.

        The model does so at the first prediction after ``eval()``.
        """
        warnings.warn(
            'BoxCaseg.produce_transferred is deprecated: the weights of the '
            'transferred head are produced at the first prediction after '
            'eval()',
            DeprecationWarning,
            stacklevel=2,
        )
        self.forget_weights()
        with torch.no_grad():
            self.prepared_weights()

    def loss(
        self, inputs: Tensor, data_samples: list[SegDataSample]
    ) -> dict[str, Tensor]:
        """Compute the losses of a batch (the paper, Eq. 4).

        Args:
            inputs (Tensor): Normalised patches, shape (B, 3, H, W).
            data_samples (list[SegDataSample]): B data samples with
                ``gt_sem_seg``, the filled box or the mask as 0 and 1, and the
                meta key ``supervision``.

        Returns:
            dict[str, Tensor]: Scalars, float32: ``loss_mil`` and, if they are
            configured, ``loss_smooth`` and ``loss_color`` of the weak head;
            ``loss_pixel`` of the other heads. Losses of missing heads are not
            there.

        Raises:
            ValueError: If ``supervision`` is neither ``'box'`` nor
                ``'mask'``.
        """
        feats = self.extract_feat(inputs)
        size = tuple(inputs.shape[-2:])
        labels = torch.stack(
            [sample.gt_sem_seg.data.squeeze(0) for sample in data_samples]
        )
        losses = dict()
        if self.weak_head:
            logits = self._head_logits('weak', feats, size, None)
            with torch.autocast(inputs.device.type, enabled=False):
                losses['loss_mil'] = self.loss_mil(logits, labels)
                if self.loss_smooth:
                    losses['loss_smooth'] = self.loss_smooth(logits)
                if self.loss_color:
                    losses['loss_color'] = self.loss_color(
                        logits,
                        labels,
                        self.data_preprocessor.to_rgb(inputs, data_samples),
                    )
        if self.has_pixel_heads:
            losses['loss_pixel'] = self._pixel_loss(feats, labels, size, data_samples)
        return losses

    def _pixel_loss(
        self,
        feats: tuple[Tensor, ...],
        labels: Tensor,
        size: tuple,
        data_samples: list[SegDataSample],
    ) -> Tensor:
        """Eq. 3 over the samples of the batch that have a mask."""
        chosen = masked_samples(data_samples).nonzero().squeeze(1).to(labels.device)
        weight = torch.ones(len(chosen), device=labels.device)
        # The mean over all processes: two processes with 8 samples each then
        # learn the same as one with 16, wherever the samples with masks are.
        avg_factor = weight.sum()
        all_reduce(avg_factor, op='mean')
        avg_factor = avg_factor.clamp(min=1e-6)
        if len(chosen) == 0:
            # One sample with the weight 0, so that each parameter gets a (zero)
            # gradient and SyncBN is run in all processes.
            chosen = chosen.new_zeros(1)
            weight = weight.new_zeros(1)
        # Indexing does not keep the memory format.
        feats = tuple(self._laid_out(x[chosen]) for x in feats)
        weights = self.produce_weights()
        salient = self._head_logits('salient', feats, size, weights)
        transferred = self._head_logits('transferred', feats, size, weights)
        with torch.autocast(labels.device.type, enabled=False):
            return self.loss_pixel(
                salient,
                transferred,
                labels[chosen],
                weight,
                avg_factor,
                self.alpha,
                self.fuse,
            )

    def encode_decode(
        self,
        inputs: Tensor,
        data_samples: list | None = None,
        options: PredictOptions | None = None,
    ) -> Tensor:
        """Compute the foreground probabilities of crops.

        Args:
            inputs (Tensor): Normalised crops, shape (B, 3, H, W).
            data_samples (list, optional): Not used.
            options (PredictOptions, optional): Options of the prediction, of
                which ``head`` is used. Defaults to None: those of the model.

        Returns:
            Tensor: Probabilities in [0, 1], float32, shape (B, H, W).

        Raises:
            ValueError: If the model lacks the head.
        """
        options = options or self.predict_options
        return self._probs(inputs, options, self._weights_for(options))

    def _forward(
        self, inputs: Tensor, data_samples: list | None = None
    ) -> dict[str, Tensor | None]:
        """Compute the logits (B, H, W) of each head at the input's size.

        Args:
            inputs (Tensor): Normalised patches, shape (B, 3, H, W).
            data_samples (list, optional): Not used.

        Returns:
            dict[str, Tensor | None]: Logits by the names ``weak``,
            ``salient`` and ``transferred``; None for a missing head.
        """
        feats = self.extract_feat(inputs)
        size = tuple(inputs.shape[-2:])
        weights = self.produce_weights()
        return {name: self._head_logits(name, feats, size, weights) for name in HEADS}

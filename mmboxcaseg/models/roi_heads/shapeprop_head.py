"""The head of ShapeProp, which activates and propagates saliency."""

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmboxcaseg.registry import MODELS

from ..conv_stack import KAIMING, conv_stack
from .message_passing import NEIGHBOURS, pass_messages


@MODELS.register_module()
class ShapePropHead(BaseModule):
    """Head of ShapeProp (Zhou et al., CVPR 2020).

    *Activating*: a tower of convolutions predicts a map for each class and
    for the background. The means of the maps are class logits, which are
    learnt from the labels of all sampled RoIs. The saliency of a RoI is the
    map of its label.

    *Propagating*: a second tower predicts the weights of each position's
    neighbours. The saliency is encoded, propagated with these weights (see
    :func:`pass_messages`) and decoded to the shape, which is learnt from RoIs
    with a valid mask. There are no normalisation layers, and the gradient of
    the shape reaches the saliency.

    R is the number of RoIs, C the number of classes with the extra ones,
    (h, w) the size of the RoI features, 14x14.

    Args:
        num_convs (int): Number of convolutions of each tower. Defaults to 4.
        in_channels (int): Number of channels of the RoI features. Defaults to
            256.
        conv_out_channels (int): Number of channels of the towers. Defaults to
            256.
        latent_channels (int): Number of channels of the encoded saliency.
            Defaults to 24.
        num_classes (int): Number of classes. Defaults to 80.
        num_extra_classes (int): Number of extra classes, which are learnt and
            never detected. The attribute ``num_classes`` counts both.
            Defaults to 0.
        loss_activating_weight (float): Factor of the cross entropy of the
            class logits. Defaults to 1.0.
        loss_propagating_weight (float): Factor of the binary cross entropy of
            the shapes. Defaults to 1.0.
    """

    def __init__(
        self,
        num_convs: int = 4,
        in_channels: int = 256,
        conv_out_channels: int = 256,
        latent_channels: int = 24,
        num_classes: int = 80,
        num_extra_classes: int = 0,
        loss_activating_weight: float = 1.0,
        loss_propagating_weight: float = 1.0,
    ) -> None:
        super().__init__(init_cfg=KAIMING)
        self.num_classes = num_classes + num_extra_classes
        self.num_extra_classes = num_extra_classes
        self.loss_activating_weight = loss_activating_weight
        self.loss_propagating_weight = loss_propagating_weight
        tower = [in_channels, *[conv_out_channels] * num_convs]
        self.activating = conv_stack(tower, last_relu=True)
        self.class_maps = nn.Conv2d(tower[-1], self.num_classes + 1, 1)
        self.propagating = conv_stack(tower, last_relu=True)
        latent = [latent_channels] * 3
        self.neighbour_weights = nn.Conv2d(tower[-1], latent_channels * NEIGHBOURS, 1)
        self.encoder = conv_stack([1, *latent], last_relu=False)
        self.decoder = conv_stack([*latent, 1], last_relu=False)

    def activate(self, feats: Tensor) -> Tensor:
        """Compute a map for each class.

        Args:
            feats (Tensor): RoI features, (R, in_channels, h, w).

        Returns:
            Tensor: Maps of the classes, the background last,
            (R, C + 1, h, w).
        """
        return self.class_maps(self.activating(feats))

    def propagate(self, feats: Tensor, saliency: Tensor) -> Tensor:
        """Propagate saliency to shapes.

        Args:
            feats (Tensor): RoI features, (R, in_channels, h, w).
            saliency (Tensor): Map of each RoI's label, (R, h, w).

        Returns:
            Tensor: Logits of the shapes, (R, h, w).
        """
        weights = self.neighbour_weights(self.propagating(feats)).sigmoid()
        states = pass_messages(self.encoder(saliency[:, None]), weights)
        return self.decoder(states)[:, 0]

    def loss_activating(self, class_maps: Tensor, labels: Tensor) -> Tensor:
        """Compute the cross entropy of the class logits.

        Args:
            class_maps (Tensor): Maps of all sampled RoIs, (R, C + 1, h, w),
                see :meth:`activate`.
            labels (Tensor): Labels of the RoIs, C for background, (R,) int.

        Returns:
            Tensor: A scalar, float32; without RoIs it is 0 and still has a
            graph.
        """
        if not len(labels):
            return class_maps.sum()
        logits = class_maps.float().mean(dim=(2, 3))
        return self.loss_activating_weight * F.cross_entropy(logits, labels)

    def loss_propagating(self, shapes: Tensor, targets: Tensor) -> Tensor:
        """Compute the binary cross entropy of shapes.

        Args:
            shapes (Tensor): Logits of the shapes of RoIs with a valid mask,
                (R, h, w), see :meth:`propagate`.
            targets (Tensor): Masks of the RoIs, in [0, 1], (R, h, w).

        Returns:
            Tensor: A scalar, float32; without RoIs it is 0 and still has a
            graph.
        """
        if not len(targets):
            return shapes.sum()
        return self.loss_propagating_weight * F.binary_cross_entropy_with_logits(
            shapes.float(), targets.float()
        )


def maps_of_labels(class_maps: Tensor, labels: Tensor) -> Tensor:
    """Select the map of each RoI's label, its saliency.

    Args:
        class_maps (Tensor): Maps of R RoIs, (R, C, h, w).
        labels (Tensor): Labels of the RoIs, (R,) int.

    Returns:
        Tensor: Saliency, (R, h, w).
    """
    return class_maps[torch.arange(len(labels), device=labels.device), labels]

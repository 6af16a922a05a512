"""The network of the default model in different runtimes."""

import numpy as np
import torch

from mmboxcaseg.apis import default_model, init_model
from mmboxcaseg.apis.default_model import default_onnx
from mmboxcaseg.prediction.onnx_model import OnnxModel

from .inputs import Inputs
from .measure import Row, compare, in_turn

CROPS = 32


def rows(inputs: Inputs) -> list[Row]:
    """Compare trained layers, the folded network and ONNX Runtime on one thread."""
    model = init_model(*default_model(), 'cpu')
    exported = OnnxModel.read(default_onnx(), threads=1)
    size = exported.card.steps.size
    crops = np.random.default_rng(0).integers(
        0, 256, (CROPS, 3, size, size), dtype=np.uint8
    )
    network = model.network()
    normalized = model.data_preprocessor.normalize(torch.from_numpy(crops))
    folded = model.folded_network(model.predict_options, normalized[:1])
    with torch.no_grad():
        feats = folded.feats(normalized)

    @torch.no_grad()
    def heads() -> None:
        folded.heads(feats)

    @torch.no_grad()
    def trained() -> None:
        model.encode_decode(model.data_preprocessor.normalize(torch.from_numpy(crops)))

    ms = in_turn(
        dict(
            trained=trained,
            folded=lambda: network(crops),
            heads=heads,
            onnx=lambda: exported.network(crops),
        )
    )
    heads_ms = ms.pop('heads') / CROPS
    what = f'network of the default model, a crop of {size} px: '
    found = compare(
        ms,
        [
            ('PyTorch, folded, against the trained layers', 'folded', 'trained'),
            ('ONNX Runtime against PyTorch, trained layers', 'onnx', 'trained'),
            ('ONNX Runtime against PyTorch, folded', 'onnx', 'folded'),
        ],
        CROPS,
        what,
    )
    return [*found, Row(f'{what}the heads of it, PyTorch, folded', 'ms', heads_ms)]

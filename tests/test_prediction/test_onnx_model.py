import json
import pickle

import numpy as np
import onnx
import onnx_files
import pytest
from onnx import TensorProto, helper

from mmboxcaseg.prediction import PredictOptions
from mmboxcaseg.prediction.onnx_model import (
    AT_ONCE,
    KEY,
    ModelCard,
    OnnxModel,
    OnnxNetwork,
    metadata,
)
from mmboxcaseg.prediction.steps import PromptSteps


def content(**props):
    """A model whose probability is the green channel over 256."""
    nodes = [
        helper.make_node('Gather', ['crops', 'one'], ['green'], axis=1),
        helper.make_node('Cast', ['green'], ['number'], to=TensorProto.FLOAT),
        helper.make_node('Mul', ['number', 'share'], ['probs']),
    ]
    shape = ['batch', 3, 4, 4]
    graph = helper.make_graph(
        nodes,
        'green',
        [helper.make_tensor_value_info('crops', TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info('probs', TensorProto.FLOAT, ['batch', 4, 4])],
        [
            helper.make_tensor('one', TensorProto.INT64, [], [1]),
            helper.make_tensor('share', TensorProto.FLOAT, [], [1 / 256]),
        ],
    )
    opsets = [helper.make_opsetid('', 17)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    helper.set_model_props(model, props)
    return model.SerializeToString()


@pytest.mark.parametrize('count', [0, 1, AT_ONCE, 2 * AT_ONCE + 1])
def test_a_network(count):
    network = OnnxNetwork(content(), 'a.onnx', threads=1)
    crops = onnx_files.crops(count, 4)
    for one in (network, pickle.loads(pickle.dumps(network))):
        probs = one(crops)
        assert probs.dtype == np.float32
        np.testing.assert_array_equal(probs, crops[:, 1] / np.float32(256))


def test_metadata_are_those_of_onnx():
    for props in ({}, {KEY: 'ä' * 300, 'other': ''}):
        written = content(**props)
        assert metadata(written) == props
        model = onnx.load_model_from_string(written)
        assert {one.key: one.value for one in model.metadata_props} == props


def test_a_model(tmp_path):
    card = onnx_files.card(4, test_cfg=dict(head=['weak', 'salient'], flip=True))
    path = tmp_path / 'a.onnx'
    path.write_bytes(content(**{KEY: card.to_json()}))
    model = OnnxModel.read(str(path), 1)
    assert model.card == card == ModelCard.from_json(card.to_json())
    assert model.card.steps == PromptSteps(4)
    assert model.card.options == PredictOptions(head=('weak', 'salient'), flip=True)
    assert model.card.images_per_batch == 2
    assert model.network(onnx_files.crops(2, 4)).shape == (2, 4, 4)


@pytest.mark.parametrize(
    ('written', 'message'),
    [
        (b'', 'no model that boxcaseg export-onnx has written'),
        (b'hello', 'has written: it is'),
        (bytes(100), 'has written'),
        (content()[:-20], 'has written'),
        (content(), 'has written'),
        (content(**{KEY: '[1]'}), 'has written'),
        (content(**{KEY: json.dumps(dict(version=7))}), 'have the version 7'),
    ],
)
def test_another_file(tmp_path, written, message):
    (tmp_path / 'a.onnx').write_bytes(written)
    with pytest.raises(ValueError, match=f'a.onnx .*{message}'):
        OnnxModel.read(str(tmp_path / 'a.onnx'))


def test_a_file_that_the_runtime_refuses():
    # A field of metadata and no graph.
    message = onnx.ModelProto(metadata_props=[dict(key=KEY, value='x')])
    network = OnnxNetwork(message.SerializeToString(), 'a.onnx')
    with pytest.raises(ValueError, match='a.onnx is no model that boxcaseg'):
        network(onnx_files.crops(1, 4))

"""MultiHeadAttention beyond its case: its biases, its start, its masks."""

import pytest
import torch
from torch import Generator, nn

from groundup.cases.layers.attention import WEIGHTS, call_torch, sentences
from groundup.layers.attention import MultiHeadAttention
from groundup.parity.compare import PART_BOUND, backward, named_gradients, randomize, relative_error, tensors_in
from groundup.weights.rules import rename, restore


def pair() -> tuple[MultiHeadAttention, nn.MultiheadAttention]:
    theirs = randomize(nn.MultiheadAttention(12, 3, batch_first=True).double())
    ours = MultiHeadAttention(embed_dim=12, num_heads=3).double()
    ours.load_state_dict(rename(theirs.state_dict(), WEIGHTS))
    return ours, theirs


def test_biases_and_their_gradients_equal_torchs():
    # the key's bias alone has a gradient of 0 but for rounding, so that it is held in torch's layout, beside the others
    for sample in sentences(Generator().manual_seed(2)):
        ours, theirs = pair()
        outputs = ours(*sample.args, **sample.kwargs), call_torch(theirs, *sample.args, **sample.kwargs)
        assert relative_error(*outputs) <= PART_BOUND
        for output in outputs:
            backward(tensors_in(output))
        gradients = restore(named_gradients(ours), WEIGHTS)
        for name, gradient in named_gradients(theirs).items():
            assert relative_error(gradients[name], gradient) <= PART_BOUND, name


@pytest.mark.parametrize("bias", [True, False])
def test_attention_starts_as_torchs_does(bias):
    torch.manual_seed(4)
    theirs = nn.MultiheadAttention(12, 3, bias=bias).state_dict()
    ours = MultiHeadAttention(embed_dim=12, num_heads=3, bias=bias)
    torch.manual_seed(4)
    ours.reset_parameters()
    for name, value in rename(theirs, WEIGHTS).items():
        torch.testing.assert_close(ours.state_dict()[name], value)


def test_padding_never_reaches_another_position():
    layer, x = MultiHeadAttention(embed_dim=12, num_heads=3), torch.randn(2, 5, 12)
    mask = torch.ones(2, 1, 1, 5, dtype=torch.bool)
    mask[1, ..., 3:] = False
    other = x.clone()
    other[1, 3:] = 9.0
    assert torch.equal(layer(x, mask=mask)[0], layer(other, mask=mask)[0])
    torch.testing.assert_close(layer(x, mask=mask)[1, :3], layer(other, mask=mask)[1, :3])
    torch.testing.assert_close(layer(x, mask=mask)[1, :3], layer(x[1:, :3])[0])


def test_what_comes_later_never_reaches_an_earlier_position():
    layer, x = MultiHeadAttention(embed_dim=12, num_heads=3), torch.randn(2, 5, 12)
    for length in range(1, 5):
        torch.testing.assert_close(layer(x, is_causal=True)[:, :length], layer(x[:, :length], is_causal=True))


def test_cross_attention_does_not_depend_on_the_order_of_its_context():
    layer, x, context = MultiHeadAttention(embed_dim=12, num_heads=3), torch.randn(2, 4, 12), torch.randn(2, 6, 12)
    output = layer(x, context)
    assert output.shape == (2, 4, 12)
    torch.testing.assert_close(layer(x, context.flip(1)), output)
    assert not torch.allclose(layer(x), output)


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ValueError, match="5 heads do not divide embed_dim=12"):
        MultiHeadAttention(embed_dim=12, num_heads=5)


def test_a_mask_beside_is_causal_is_refused():
    layer = MultiHeadAttention(embed_dim=12, num_heads=3)
    with pytest.raises(ValueError, match="attn_mask or is_causal, not both"):
        layer(torch.randn(2, 5, 12), mask=torch.ones(5, 5, dtype=torch.bool), is_causal=True)

"""The autoencoder and its variational child beyond their cases: the published sizes, the draw, and what does not fit."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from groundup.models.generative.autoencoder import autoencoder
from groundup.models.generative.vae import Cloud, vae

SMALL = {"image_shape": (2, 4, 3), "latent_dim": 2, "hidden_dims": (9, 7)}


def parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


def linear_layers(*widths):
    """The weights and biases of linear layers from each of these widths to the next."""
    return sum(before * after + after for before, after in pairwise(widths))


def test_the_published_autoencoder_goes_from_784_over_1000_500_and_250_to_30_and_back():
    with torch.device("meta"):
        model = autoencoder()
        linear = [layer.weight.shape for layer in model.modules() if hasattr(layer, "weight")]
    assert [tuple(shape)[::-1] for shape in linear] == [
        *((784, 1000), (1000, 500), (500, 250), (250, 30)),
        *((30, 250), (250, 500), (500, 1000), (1000, 784)),
    ]
    assert parameters(model) == linear_layers(784, 1000, 500, 250, 30, 250, 500, 1000, 784)


def test_the_published_vae_has_one_hidden_layer_of_500_on_each_side_and_two_heads_of_20():
    with torch.device("meta"):
        model = vae()
    assert parameters(model) == linear_layers(784, 500, 20) + (500 * 20 + 20) + linear_layers(20, 500, 784)


@pytest.mark.parametrize("build", [autoencoder, vae])
def test_weights_start_as_torchs_linear_layers_do(build):
    model = build(image_shape=(1, 20, 20), latent_dim=30, hidden_dims=(300,))
    theirs = nn.Linear(400, 300).weight
    ours = model.trunk.hidden[0].weight
    assert ours.abs().max() <= 1 / 400**0.5
    assert ours.std().item() == pytest.approx(theirs.std().item(), rel=0.02)


def test_without_noise_a_code_is_its_mean_and_with_it_is_off_by_as_many_deviations():
    cloud = Cloud(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 4.0]]).log().nan_to_num(neginf=-100.0))
    assert torch.equal(cloud.draw(torch.zeros(1, 2)), cloud.mean)
    torch.testing.assert_close(cloud.draw(torch.ones(1, 2)), torch.tensor([[1.0, 4.0]]))


def test_the_drawn_code_carries_the_gradient_to_mean_and_variance():
    model = vae(**SMALL)
    output = model(torch.randn(3, 2, 4, 3), torch.randn(3, 2))
    output.logits.square().sum().backward()
    assert model.mean.weight.grad.abs().sum() > 0 and model.log_var.weight.grad.abs().sum() > 0


def test_many_draws_have_the_mean_and_the_variance_that_the_encoder_gave():
    cloud = Cloud(torch.tensor([[0.5, -2.0]]).expand(40_000, 2), torch.tensor([[-1.0, 0.7]]).expand(40_000, 2))
    code = cloud.draw(torch.randn(40_000, 2))
    torch.testing.assert_close(code.mean(0), cloud.mean[0], atol=0.03, rtol=0)
    torch.testing.assert_close(code.var(0), cloud.log_var[0].exp(), atol=0, rtol=0.03)


def test_a_picture_is_decoded_from_its_own_code_alone():
    model, images, noise = vae(**SMALL), torch.randn(4, 2, 4, 3), torch.randn(4, 2)
    alone, among = model(images[:1], noise[:1]), model(images, noise)
    for one, many in zip(alone, among, strict=True):
        torch.testing.assert_close(one, many[:1])


@pytest.mark.parametrize("build", [autoencoder, vae])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_shape": (4, 3)}, r"image_shape is \(channels, height, width\), each at least 1; got \(4, 3\)"),
        ({"image_shape": (1, 0, 3)}, r"each at least 1; got \(1, 0, 3\)"),
        ({"latent_dim": 0}, r"must be at least 1; got 0 and \(9, 7\)"),
        ({"hidden_dims": ()}, r"must be at least 1; got 2 and \(\)"),
        ({"hidden_dims": (9, 0)}, r"got 2 and \(9, 0\)"),
    ],
)
def test_sizes_that_make_no_network_are_refused(build, changes, message):
    with pytest.raises(ValueError, match=message):
        build(**SMALL | changes)


def test_what_has_another_shape_is_refused():
    model = vae(**SMALL)
    with pytest.raises(ValueError, match=r"takes pictures \(batch, 2, 4, 3\); it was given \(5, 2, 3, 4\)"):
        model.encode(torch.zeros(5, 2, 3, 4))
    with pytest.raises(ValueError, match=r"takes codes \(batch, 2\); it was given \(5, 3\)"):
        model.decode(torch.zeros(5, 3))
    with pytest.raises(ValueError, match=r"codes \(5, 2\) take as much noise; it was given \(1, 2\)"):
        model(torch.zeros(5, 2, 4, 3), torch.zeros(1, 2))

"""The regressors of tables beside scikit-learn's."""

import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor as TheirMLP

from groundup.models.tabular.regressors import linear_regressor, mlp_regressor
from groundup.optim.groups import decay_matrices_only
from groundup.optim.sgd import SGD


@pytest.fixture
def data():
    x = torch.randn(60, 5, dtype=torch.float64)
    return x, x @ torch.tensor([2.0, -1, 0.5, 0, 3], dtype=torch.float64) + 7 + torch.randn(60, dtype=torch.float64)


def test_with_the_weights_of_scikit_learns_ridge_the_linear_one_predicts_the_same(data):
    x, y = data
    ridge = Ridge(alpha=3.0).fit(x.numpy(), y.numpy())
    model = linear_regressor(in_features=5).double()
    model.load_state_dict({"output.weight": torch.tensor(ridge.coef_)[None], "output.bias": torch.tensor([ridge.intercept_])})
    torch.testing.assert_close(model(x), torch.from_numpy(ridge.predict(x.numpy())), atol=1e-12, rtol=1e-12)


def test_gradient_descent_with_weight_decay_comes_to_the_ridge_solution(data):
    x, y = data
    decay = 0.2
    model = linear_regressor(in_features=5).double()
    optimizer = SGD(decay_matrices_only(model), lr=0.1, weight_decay=decay)
    for _ in range(2000):
        optimizer.zero_grad()
        (model(x) - y).square().mean().backward()
        optimizer.step()
    ridge = Ridge(alpha=len(x) * decay / 2).fit(x.numpy(), y.numpy())
    torch.testing.assert_close(model.output.weight[0].detach(), torch.tensor(ridge.coef_), atol=1e-9, rtol=0)
    assert model.output.bias.item() == pytest.approx(ridge.intercept_, abs=1e-9)


def test_with_the_weights_of_scikit_learns_network_ours_predicts_the_same(data):
    x, y = data
    theirs = TheirMLP(hidden_layer_sizes=(4, 3), solver="lbfgs", max_iter=10_000, random_state=0).fit(x.numpy(), y.numpy())
    model = mlp_regressor(in_features=5, hidden_dims=(4, 3), dropout=0.5).double().eval()
    for layer, weight, bias in zip(
        (model.hidden[0], model.hidden[3], model.output), theirs.coefs_, theirs.intercepts_, strict=True
    ):
        layer.load_state_dict({"weight": torch.from_numpy(weight.T), "bias": torch.from_numpy(bias)})
    torch.testing.assert_close(model(x), torch.from_numpy(theirs.predict(x.numpy())), atol=1e-12, rtol=1e-12)


def test_the_linear_one_starts_at_zero_and_dropout_acts_in_training_alone(data):
    x, _ = data
    assert not linear_regressor(in_features=5).double()(x).any()
    model = mlp_regressor(in_features=5, dropout=0.5).double()
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))


@pytest.mark.parametrize("hidden_dims", [(), (8, 0)])
def test_a_network_without_a_hidden_unit_is_refused(hidden_dims):
    with pytest.raises(ValueError, match="hidden_dims must be one or more widths of at least 1"):
        mlp_regressor(in_features=5, hidden_dims=hidden_dims)

"""dropout beyond its case: what it draws, and when it draws nothing."""

import pytest
import torch
import torch.nn.functional as F

from groundup.ops.dropout import dropout

BOTH_RUNGS = pytest.mark.parametrize("rung", ["tensors", "fused"])


@BOTH_RUNGS
@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("numbers", [torch.randn(9, 50), torch.randn(50, 9).T])
def test_the_same_seed_strikes_out_the_same_numbers_as_torch(rung, p, numbers):
    torch.manual_seed(5)
    ours = getattr(dropout, rung)(numbers, p), torch.rand(3)
    torch.manual_seed(5)
    theirs = F.dropout(numbers, p), torch.rand(3)
    torch.testing.assert_close(ours, theirs)  # the second: both took as many random numbers


@BOTH_RUNGS
def test_the_mean_stays_and_a_share_of_p_is_struck_out(rung):
    numbers = getattr(dropout, rung)(torch.ones(100_000), 0.3)
    assert (numbers == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert numbers.mean().item() == pytest.approx(1.0, abs=0.02)


@BOTH_RUNGS
def test_what_is_struck_out_gets_no_gradient(rung):
    numbers, mask = torch.randn(4, requires_grad=True), torch.tensor([True, False, True, False])
    output = getattr(dropout, rung)(numbers, 0.75, mask=mask)
    output.sum().backward()
    torch.testing.assert_close(output, numbers.detach() * torch.tensor([4.0, 0.0, 4.0, 0.0]))
    assert numbers.grad.tolist() == [4.0, 0.0, 4.0, 0.0]


@BOTH_RUNGS
def test_outside_of_training_nothing_is_touched(rung):
    numbers = torch.randn(4)
    assert getattr(dropout, rung)(numbers, 0.9, training=False) is numbers
    assert getattr(dropout, rung)(numbers, 0.9, False, mask=torch.zeros(4, dtype=torch.bool)) is numbers


@BOTH_RUNGS
@pytest.mark.parametrize("p", [-0.1, 1.5, float("nan")])
def test_a_p_that_is_no_probability_is_refused(rung, p):
    with pytest.raises(ValueError, match="between 0 and 1, not"):
        getattr(dropout, rung)(torch.ones(2), p)

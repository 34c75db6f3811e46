"""An answer is told what is wrong with it, where and why."""

import pytest
import torch

from groundup.learn.difference import difference
from groundup.learn.exercise import Exercise
from groundup.learn.grade import grade
from groundup.learn.path import find_lesson, load_exercise, load_solution, load_wrong_answers
from groundup.ops.convolution import conv2d_tensors


def report_on(lesson, answer):
    return grade(lesson, load_exercise(lesson), answer)


def test_a_right_answer_passes_and_a_wrong_one_is_told_its_own_hint(lesson):
    exercise = load_exercise(lesson)
    assert report_on(lesson, load_solution(lesson, exercise)).passed
    reports = {name: report_on(lesson, answer) for name, answer in load_wrong_answers(lesson).items()}
    assert {name: report.mistake for name, report in reports.items()} == {"square": "square", "cut": "cut"}
    assert reports["cut"].why == "The gradient is cut off." and not reports["cut"].passed


def test_what_fails_is_named_with_the_place_and_both_numbers(lesson):
    def nearly(x):
        return 2 * x + (x == 4) if not isinstance(x, str) else 2 * len(None)

    report = report_on(lesson, nearly)
    held = {finding.title: finding.held for finding in report.findings}
    assert held == {"a vector": False, "its gradient": True, "no text is doubled": True}
    assert report.findings[0].message == "the value is wrong in 1 of 6 numbers; the furthest is at [1, 1]: it is 9, expected is 8"


def test_an_answer_that_is_off_by_a_factor_is_told_so(lesson):
    def half(x):
        return 2 * len(None) if isinstance(x, str) else 1 * x

    assert report_on(lesson, half).why == "your result is the expected one times 0.5"


def test_an_answer_that_writes_over_its_input_is_told_so(lesson):
    def over(x):
        if isinstance(x, str):
            raise TypeError
        return x.mul_(2) if not x.requires_grad else 2 * x

    message = report_on(lesson, over).findings[0].message
    assert "writes over the tensor that it is given" in message


@pytest.mark.parametrize(
    ("answer", "message"),
    [(3, "must be a function; it is 3"), (type("double", (), {}), "must be a function; it is a class"), (None, "it is None")],
)
def test_an_answer_of_another_kind_is_refused_by_kind(lesson, answer, message):
    assert message in report_on(lesson, answer).error


def test_a_claim_that_exits_or_never_returns_from_itself_is_only_that_claim(lesson):
    def leaves(x):
        raise SystemExit(3)

    def endless(x):
        return endless(x)

    assert "ends the program" in report_on(lesson, leaves).findings[0].message
    assert "calls itself without end" in report_on(lesson, endless).findings[0].message


def test_the_default_type_and_the_gradient_switch_are_as_before_whatever_an_answer_does(lesson):
    def careless(x):
        torch.set_default_dtype(torch.float16)
        torch.set_grad_enabled(False)
        return x

    report_on(lesson, careless)
    assert torch.get_default_dtype() == torch.float32 and torch.is_grad_enabled()


def test_a_module_is_followed_to_the_submodule_that_is_wrong():
    from torch.nn import Module

    from groundup.layers.linear import Linear
    from groundup.ops.activation import relu

    class Right(Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = (Linear(in_features=4, out_features=4) for _ in range(2))

        def forward(self, x):
            return self.second(relu(self.first(x)))

    class Mine(Right):
        def forward(self, x):
            return self.second(self.first(x))

    from groundup.learn.grade import divergence

    exercise = Exercise(title="", name="Net", hints=("", "", ""), build=lambda answer: (answer(), torch.ones(2, 4)))
    assert "no activation in mine, relu in the reference" in divergence(exercise, Mine, Right)


DIFFERENT = [
    (None, torch.ones(2), "the result is None, where a tensor is expected"),
    (torch.ones(2, 1), torch.ones(2), r"the result has shape \(2, 1\); expected is \(2,\)"),
    (torch.ones(2).float(), torch.ones(2).double(), "the result is of torch.float32; expected is torch.float64"),
    ([1.0], torch.ones(1), r"how many there are is there|the result is missing"),
    ({"a": 1.0, "b": 2.0}, {"a": 1.0, "b": 3.0}, "the b is 2; expected is 3"),
    ((1, 2), (1, 2, 3), "how many there are is 2; expected is 3"),
    (torch.tensor([1.0, float("nan")]), torch.tensor([1.0, 2.0]), r"1 of 2 numbers; the furthest is at \[1\]: it is nan"),
    (True, 1, "the result is True; expected is 1"),
    ("a", "b", "the result is 'a'; expected is 'b'"),
    (torch.ones(1).numpy(), torch.ones(1), r"the result is a NumPy array; expected is a tensor of shape \(1,\)"),
]


@pytest.mark.parametrize(("mine", "expected", "message"), DIFFERENT)
def test_a_difference_is_said_in_words(mine, expected, message):
    import re

    assert re.search(message, difference(mine, expected))


def test_rounding_is_no_difference_and_nan_equals_nan():
    numbers = torch.randn(50).double()
    assert difference(numbers * (1 + 1e-12), numbers) is None
    assert difference(torch.tensor([float("nan"), 1.0]), torch.tensor([float("nan"), 1.0])) is None
    assert difference(numbers * (1 + 1e-4), numbers)


def test_a_notebook_checks_a_function_by_the_exercises_name(capsys):
    from groundup.learn.check import check

    assert check("conv2d", conv2d_tensors)
    assert not check("conv2d", lambda *arguments, **options: conv2d_tensors(*arguments, **options) * 2)
    out = capsys.readouterr().out
    assert "conv2d: passed" in out and "holds  one kernel over one picture" in out and "times 2" in out


def test_an_exercise_that_does_not_exist_is_answered_by_the_nearest():
    from groundup.errors import UserError

    with pytest.raises(UserError, match="no exercise is called 'conv3d'; did you mean conv2d"):
        find_lesson("conv3d")

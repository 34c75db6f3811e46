"""`groundup diff`: its exit status, what it prints, and its answers to mistakes."""

import pytest
import typer
from typer.testing import CliRunner

from groundup.cli.diff import diff
from groundup.errors import UserError

app = typer.Typer()
app.command()(diff)

NETS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, hidden=6, scale=1.0):
        super().__init__()
        self.up, self.act, self.down = nn.Linear(4, hidden), nn.ReLU(), nn.Linear(hidden, 2)
        self.scale = scale

    def forward(self, x):
        return self.down(self.act(self.up(x)) * self.scale)


class Tanh(Net):
    def __init__(self):
        super().__init__()
        self.act = nn.Tanh()


class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(7, 3))

    def forward(self, tokens):
        return self.table[tokens]


def twice():
    return nn.Sequential(Net(), nn.Linear(2, 2))


def nothing():
    return 3


class Needy(Net):
    def __init__(self, size):
        super().__init__()


READY = Net()
NUMBER = 3
"""


@pytest.fixture
def nets(tmp_path):
    path = tmp_path / "nets.py"
    path.write_text(NETS)
    return path


def run(*arguments):
    """(exit status, output); a user's mistake is raised, as the main program expects it."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, UserError):
        raise result.exception
    return result.exit_code, result.output


def test_two_that_agree_exit_with_0_and_say_how_much_was_compared(nets):
    status, output = run(f"{nets}:Net", f"{nets}:READY", "--shape", "5,4")
    assert status == 0 and output.startswith("They agree.") and "3 submodules and 44 parameters" in output


def test_two_that_differ_exit_with_1_and_name_the_place(nets):
    status, output = run(f"{nets}:Tanh", f"{nets}:Net", "--shape", "5,4")
    assert status == 1 and output.startswith("They part at act (output).")


def test_an_installed_library_is_a_reference():
    assert run("torch.nn:LSTM(3, 4, batch_first=True)", "torch.nn:LSTM(3, 4)", "--shape", "2,5,3")[0] == 1
    assert run("torch.nn:LSTM(3, 4)", "torch.nn:LSTM(3, hidden_size=4)", "--shape", "2,5,3")[0] == 0


def test_a_model_of_groundup_is_found_by_its_name(nets):
    status, output = run("lenet5", "lenet5(num_classes=10)")
    assert status == 0 and output.startswith("They agree.")


def test_arguments_in_brackets_are_handed_on(nets):
    assert run(f"{nets}:Net(hidden=3)", f"{nets}:Net(3)")[0] == 0
    status, output = run(f"{nets}:Net(scale=0.5)", f"{nets}:Net(scale=1.0)")
    assert status == 1 and "at the module itself (output)" in output
    assert "(weights)" in run(f"{nets}:Net(hidden=3)", f"{nets}:Net")[1]


def test_one_shape_for_each_input():
    assert run("torch.nn:Bilinear(3, 4, 2)", "torch.nn:Bilinear(3, 4, 2)", "--shape", "5,3", "--shape", "5,4")[0] == 0


def test_tokens_are_whole_numbers_below_the_vocabulary(nets):
    assert run(f"{nets}:Tokens", f"{nets}:Tokens", "--tokens", "7", "--shape", "3,5")[0] == 0
    assert run(f"{nets}:Tokens", f"{nets}:Tokens", "--tokens", "7")[0] == 0
    with pytest.raises(UserError, match="the reference itself fails"):
        run(f"{nets}:Tokens", f"{nets}:Tokens", "--shape", "3,5")


def test_a_file_may_import_what_lies_beside_it(nets, monkeypatch):
    monkeypatch.syspath_prepend("/nowhere")  # restores sys.path at the end of the test
    (nets.parent / "user.py").write_text("from nets import Net\n\n\ndef make():\n    return Net()\n")
    assert run(f"{nets.parent / 'user.py'}:make", f"{nets}:Net")[0] == 0


@pytest.mark.parametrize(
    ("mine", "message"),
    [
        ("{folder}/missing.py:Net", "there is no file .*missing.py"),
        ("{folder}/raises.py:Net", "raises.py fails as it is run: ZeroDivisionError: division by zero"),
        ("{nets}:Nett", "no module of .* is called 'Nett'; did you mean Net"),
        ("{nets}:NUMBER", "NUMBER is of type int"),
        ("{nets}:nothing", "nothing gives a value of type int: it must give a torch.nn.Module"),
        ("{nets}:Needy", "could not be built: TypeError: .*'size'; write its arguments as in Needy"),
        ("{nets}", "names no module: write FILE.py:NAME"),
        ("no.such.library:Net", "no.such.library cannot be imported: No module named 'no'"),
        ("torch.nn:Linaer(3, 4)", "'Linaer'; did you mean .*Linear"),
        ("lenet55", "no model is called 'lenet55'; did you mean lenet5"),
        ("lenet5(3)", "takes its arguments by name"),
        ("{nets}:Net(hidden=open('x'))", "arguments are plain values"),
        ("{nets}:Net(**{{'hidden': 3}})", "arguments are plain values"),
        ("{nets}:Net(3)(4)", "arguments are plain values"),
        ("{nets}:Net(hidden=", "names no module"),
    ],
)
def test_a_name_that_leads_nowhere_is_answered(nets, mine, message):
    (nets.parent / "raises.py").write_text("1 / 0\n")
    with pytest.raises(UserError, match=message):
        run(mine.format(nets=nets, folder=nets.parent), f"{nets}:Net")


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ("5,9", "the reference itself fails on these inputs: RuntimeError.*say with --shape"),
        ("5x4", "sizes of at least 1 with commas between, .* given '5x4'"),
        ("5,0", "given '5,0'"),
        ("", "given ''"),
    ],
)
def test_a_shape_that_does_not_fit_is_answered(nets, shape, message):
    with pytest.raises(UserError, match=message):
        run(f"{nets}:Net", f"{nets}:Net", "--shape", shape)

"""`groundup info NAME --diff`: what a model changed of its ancestor, what a recipe of the one that it varies."""

import re
from itertools import pairwise

import pytest

from groundup.cli.ancestry import definitions, painted, portraits, source_changes
from groundup.models import card as cards
from groundup.recipes.catalog import load_recipe

OLD = '''"""Old."""

SIDE = 3


class Block(Module):
    """A block."""

    def forward(self, x):
        return x


class Old(Module):
    """The old one."""

    def __init__(self, *, width):
        self.width = width

    def forward(self, x):
        return x + 1


def old():
    return Old(width=1)


WEIGHTS = {}

CARD = {}
'''

NEW = '''"""New."""

from groundup.models.classification.old import Block


class Skip(Module):
    """A new idea."""

    def forward(self, x):
        return x + self.change(x)


class New(Module):
    """The new one."""

    def __init__(self, *, width):
        self.width = 2 * width

    def forward(self, x):
        return x + 1


def new():
    return New(width=1)


def new_large():
    return New(width=2)


def foreign_rules() -> list[Rule]:
    return []


RULES = [Rename("a", "b")]

WEIGHTS = {"torchvision": RULES}

CARD = {}
'''


def test_a_model_is_laid_beside_its_ancestor(groundup):
    out = groundup("info", "resnet18", "--diff").out
    assert out.startswith("ResNet (2015) changed VGG (2014). What, and why:\n\nResNet: networks as deep as one likes.\n")
    assert re.search(r"^parameters +132,868,840 +11,689,512 +0.09 times$", out, re.MULTILINE)
    assert re.search(r"^input +1 x 3 x 224 x 224 +1 x 3 x 224 x 224$", out, re.MULTILINE)
    assert re.search(r"^  Linear +3 with 123,642,856 +1 with 513,000$", out, re.MULTILINE)
    assert re.search(r"^  32 +- +512 x 7 x 7$", out, re.MULTILINE)
    assert "\n+++ resnet.py: BasicBlock, new\n+class BasicBlock(Module):\n" in out
    assert "\n-        x = adaptive_avg_pool2d(x, self.side)" in out and "\n+        x = x.mean((2, 3))" in out
    assert "transformers_rules" not in out and "def resnet152" not in out and "def vgg19" not in out
    assert "\033" not in out


def test_the_numbers_of_a_portrait_are_right():
    from torch.utils.flop_counter import FlopCounterMode

    from groundup.models.catalog import create

    (lenet,) = portraits("lenet5")
    assert lenet.parameters == sum(parameter.numel() for parameter in create("lenet5").parameters()) == 61_706
    convolutions = 2 * (6 * 28 * 28 * 25 + 16 * 10 * 10 * 6 * 25)
    assert lenet.flops == convolutions + 2 * (400 * 120 + 120 * 84 + 84 * 10)
    assert lenet.kinds == {"Conv2d": (2, 2_572), "Linear": (3, 59_134)}
    assert lenet.shape == (1, 1, 32, 32) and lenet.maps == {}
    assert list(lenet.steps.items())[:3] == [("c1", "6 x 28 x 28"), ("s2", "6 x 14 x 14"), ("c3", "16 x 10 x 10")]
    assert FlopCounterMode  # the counter is torch's own; the sums above are by hand


def test_models_that_take_no_common_input_get_each_its_own(groundup):
    old, new = portraits("lenet5", "alexnet")
    assert old.shape == (1, 1, 32, 32) and new.shape[1] == 3 and new.flops > old.flops > 0
    shapes = list(new.steps.values())
    assert all(shape != before for before, shape in pairwise(shapes))  # a ReLU's output is no step
    assert "where the shape changes" in groundup("info", "alexnet", "--diff").out


def changes(tmp_path, *, old=OLD, new=NEW):
    paths = [tmp_path / "old.py", tmp_path / "new.py"]
    for path, text in zip(paths, (old, new), strict=True):
        path.write_text(text)
    return "\n".join(source_changes(*paths, skipped=(set(), {"new_large"})))


def test_the_source_shows_what_is_new_what_changed_and_what_was_taken_over(tmp_path):
    text = changes(tmp_path)
    assert "Taken over from old.py: Block" in text
    assert "+++ new.py: Skip, new\n+class Skip(Module):" in text
    assert "--- old.py: the network, __init__\n+++ new.py: the network, __init__\n" in text
    assert "-        self.width = width\n+        self.width = 2 * width" in text
    assert "the network, forward" not in text  # it is the same
    assert "Gone with old.py: old" in text
    assert "new_large" not in text and "RULES" not in text and "foreign_rules" not in text and "WEIGHTS" not in text


def test_a_size_of_the_same_file_is_said_to_be_one(tmp_path):
    path = tmp_path / "old.py"
    path.write_text(OLD)
    assert list(source_changes(path, path, skipped=(set(), set()))) == ["Both stand in old.py: they differ in their sizes alone."]


def test_decorators_belong_to_what_they_decorate():
    assert definitions("@frozen\nclass A:\n    x = 1\n", set()) == {"A": "@frozen\nclass A:\n    x = 1"}


def test_a_terminal_gets_colours_and_a_file_does_not(groundup, monkeypatch):
    assert painted("+new") == "\033[32m+new\033[0m" and painted("-old") == "\033[31m-old\033[0m" and painted(" x") == " x"
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert "\033[1m+++ alexnet.py" in groundup("info", "alexnet", "--diff").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033" not in groundup("info", "alexnet", "--diff").out


def test_a_recipe_shows_the_values_in_which_it_differs(groundup):
    out = groundup("info", "lenet5_fashion", "--diff").out
    assert out.startswith("lenet5_fashion is lenet5_mnist with\n")
    assert re.search(r"^  augment +shift -> crop_and_flip$", out, re.MULTILINE)
    assert re.search(r"^  augment.padding +not set -> 2$", out, re.MULTILINE)
    assert "optimizer" not in out
    assert load_recipe("lenet5_fashion")[0].optimizer.keywords == load_recipe("lenet5_mnist")[0].optimizer.keywords


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lenet5", "its card names no ancestor"),
        ("lenet5_mnist", "lenet5_mnist varies no other recipe"),
        ("conv2d", "--diff is for models and recipes; conv2d is of the kind op"),
        ("resnet19", "did you mean resnet18"),
    ],
)
def test_what_has_nothing_to_show_says_so_in_one_line(groundup, name, message):
    answer = groundup("info", name, "--diff")
    assert answer.status == 2 and message in answer.err and len(answer.err.splitlines()) == 1 and not answer.out


def test_an_ancestor_that_is_not_here_yet_is_named(groundup, monkeypatch):
    found = [card for card in cards.read_cards() if "vgg11_bn" not in card.sizes]
    monkeypatch.setattr(cards, "read_cards", lambda: found)
    answer = groundup("info", "resnet18", "--diff")
    assert answer.status == 2 and len(answer.err.splitlines()) == 1
    assert "names vgg11_bn as its ancestor, which is not here yet" in answer.err


@pytest.mark.parametrize("card", [card for card in cards.read_cards() if card.ancestor], ids=lambda card: card.title)
def test_every_models_source_can_be_laid_beside_its_ancestors(card):
    files = {size: module for one in cards.read_cards() for size in one.sizes for module in [one.module]}
    paths = [cards.MODELS.joinpath(*module.split(".")[2:]).with_suffix(".py") for module in (files[card.ancestor], card.module)]
    lines = list(source_changes(*paths, skipped=(set(), set())))
    assert any(line.startswith("+") for line in lines) and any("def forward" in line for line in lines)
    assert not any("WEIGHTS" in line or "CARD" in line for line in lines)

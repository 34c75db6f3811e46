"""A small trained run, and the command line called from within the process."""

import os
from pathlib import Path
from typing import NamedTuple

import pytest

from groundup.cli.main import main


class Answer(NamedTuple):
    """What a command printed and with which status it ended."""

    status: int
    out: str
    err: str


@pytest.fixture
def groundup(capsys):
    """Run a command line: `groundup("list", "models")`."""

    def run(*arguments: object) -> Answer:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Answer(end.value.code or 0, captured.out, captured.err)

    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """LeNet-5 after a few steps, in a folder of its own."""
    folder = tmp_path_factory.mktemp("cli")
    before = os.getcwd()
    os.chdir(folder)
    try:
        settings = ("run.steps=30", "run.save_steps=10", "run.num_threads=1")
        with pytest.raises(SystemExit) as end:
            main(["train", "lenet5_digits", *(word for value in settings for word in ("--set", value))])
    finally:
        os.chdir(before)
    assert not end.value.code
    return folder / "runs" / "lenet5_digits"

"""`groundup doctor`: what it finds, and that each promise can be found broken."""

import json
import socket

import pytest
import torch

from groundup.cli import doctor as module
from groundup.cli.doctor import Broken, Finding, by_hand, data, named, no_network, nothing_lost, offline, promises, proven, reason
from groundup.engine.precision import Numerics


@pytest.fixture(scope="module")
def told():
    return list(module.findings())


def test_it_looks_at_everything_and_all_promises_hold_here(told):
    assert list(dict.fromkeys(finding.about for finding in told)) == ["machine", "packages", "data", "precision auto", "promises"]
    assert [(finding.name, finding.state) for finding in told if finding.about == "promises"] == [
        (name, "ok") for name in ("by hand", "proven", "offline", "nothing lost")
    ]
    machine = {finding.name: finding.text for finding in told if finding.about == "machine"}
    assert torch.__version__ in machine["PyTorch"] and "threads" in machine["cores"] and " free in " in machine["disk"]


def test_a_finding_is_one_line_and_what_is_missing_has_a_hint(told, groundup, monkeypatch):
    monkeypatch.setattr(module, "findings", lambda: iter(told))
    answer = groundup("doctor")
    assert answer.status == 0 and answer.out.endswith("\nall is well\n")
    assert len([line for line in answer.out.splitlines() if line.startswith("  ")]) == len(told)
    assert all(finding.hint for finding in told if finding.state != "ok")


@pytest.mark.parametrize(("state", "status"), [("ok", 0), ("missing", 0), ("FAIL", 1)])
def test_only_what_fails_gives_status_1(groundup, monkeypatch, state, status):
    monkeypatch.setattr(module, "findings", lambda: iter([Finding("promises", "by hand", state, "so it is", "look there")]))
    assert groundup("doctor").status == status
    answer = groundup("doctor", "--json")
    assert answer.status == status and json.loads(answer.out)["passed"] == (status == 0)
    assert json.loads(answer.out)["findings"][0]["name"] == "by hand"


def test_a_model_that_calls_a_librarys_layer_breaks_by_hand(monkeypatch):
    monkeypatch.setattr("groundup.models.classification.lenet.tanh", torch.relu)
    with pytest.raises(RuntimeError, match="made by hand, this would not call"):
        by_hand()


def test_a_layer_that_is_wrong_breaks_proven(monkeypatch):
    from groundup.ops.convolution import conv2d

    monkeypatch.setattr("groundup.layers.convolution.conv2d", lambda *args, **kwargs: 1.001 * conv2d(*args, **kwargs))
    with pytest.raises(Broken, match="Conv2d, lenet5 differs from its reference"):
        proven()


def test_training_that_asks_for_the_network_breaks_offline_even_where_it_bears_the_refusal(monkeypatch):
    def train(folder):
        with pytest.raises(OSError, match="refuses the network"):
            socket.create_connection(("example.org", 443), timeout=0.1)

    monkeypatch.setattr(module, "train", train)
    with pytest.raises(Broken, match="training asked the network for connect"):
        offline()


def test_the_network_is_given_back():
    before = socket.socket, socket.getaddrinfo
    with no_network() as attempts:
        with pytest.raises(OSError):
            socket.getaddrinfo("example.org", 80)
        assert socket.socket is not before[0]
    assert (socket.socket, socket.getaddrinfo) == before and len(attempts) == 1


def test_an_optimiser_that_forgets_breaks_nothing_lost(monkeypatch):
    monkeypatch.setattr("groundup.engine.update.Update.load_state", lambda self, tensors, plain: None)
    with pytest.raises(Broken, match="ended in other weights"):
        nothing_lost()


def test_a_trial_that_ends_in_an_error_is_a_promise_that_does_not_hold(monkeypatch):
    def crash():
        raise KeyError("two\nlines")

    for name in ("by_hand", "proven", "offline", "nothing_lost"):
        monkeypatch.setattr(module, name, crash)
    found = list(promises())
    assert [finding.state for finding in found] == ["FAIL"] * 4 and all("\n" not in finding.text for finding in found)


def test_a_missing_data_folder_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("GROUNDUP_DATA", str(tmp_path / "gone"))
    found = {finding.name: finding for finding in data()}
    assert found["folder"].state == "missing" and str(tmp_path / "gone") in found["folder"].text
    assert found["found"].text == "none" and "groundup data list" in found["not here"].hint


def test_requirements_are_told_apart_by_extra():
    assert named("torch>=2.10") == ("torch", "")
    assert named('scikit-learn>=1.4; extra == "dev"') == ("scikit-learn", "dev")
    assert named("pkg[x]<3,>=1 ; python_version > '3' and extra == 'bench'") == ("pkg", "bench")


def test_a_package_that_is_not_there_is_named_with_its_remedy(monkeypatch):
    import importlib.metadata

    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["torch", "no-such-package; extra == 'reference'"])
    first, second = module.packages()
    assert (first.state, second.state) == ("ok", "missing")
    assert "without no-such-package" in second.text and second.hint == "pip install 'groundup[reference]'"


def test_the_reason_for_a_precision_fits_the_decision(monkeypatch):
    chosen = {precision: Numerics("cpu", precision, "highest", 1, False) for precision in ("float32", "bfloat16")}
    assert "casting costs more" in reason(61_706, chosen["float32"])
    assert "pass the self-test" in reason(11_000_000, chosen["bfloat16"])
    for fast, words in ((True, "fail the self-test"), (False, "no fast products")):
        monkeypatch.setattr("groundup.engine.precision.fast_bfloat16", lambda device, fast=fast: fast)
        assert words in reason(11_000_000, chosen["float32"])

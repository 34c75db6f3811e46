"""What Score makes of a task's metrics."""

from torch.nn import Module

from groundup.engine.evaluator import Score, evaluate


class Counted:
    """A task of one batch whose metrics answer with a number, with several, and with none."""

    def predict(self, model, batch):
        return batch

    def metrics(self):
        return {"one": Answering(0.5), "recall": Answering({"recall_at_1": 0.25, "recall_at_5": 0.75}), "none": Silent()}


class Silent:
    def update(self, prediction, batch):
        pass


class Answering(Silent):
    def __init__(self, answer):
        self.answer = answer

    def compute(self):
        return self.answer


def test_a_metric_gives_a_number_under_its_own_name_or_several_under_theirs():
    found = evaluate([Score()], Module(), Counted(), lambda: iter([{}]))
    assert found.values == {"one": 0.5, "recall_at_1": 0.25, "recall_at_5": 0.75}

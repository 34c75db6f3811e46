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


def test_score_can_be_of_another_data_set_and_of_what_another_task_makes_of_the_model():
    asked = []

    class Other(Counted):
        def predict(self, model, batch):
            asked.append(batch)
            return batch

        def metrics(self):
            return {"one": Answering(0.125)}

    def batches(dataset=None):
        return iter([{"from": dataset}])

    elsewhere = Score(dataset="other", task=Other(), prefix="other_")
    found = evaluate([Score(), elsewhere], Module(), Counted(), batches)
    assert asked == [{"from": "other"}]
    assert found.values == {"one": 0.5, "recall_at_1": 0.25, "recall_at_5": 0.75, "other_one": 0.125}

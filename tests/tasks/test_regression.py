"""A number for each row: losses in the target's scale, predictions in its unit, metrics equal to scikit-learn's."""

import math

import numpy as np
import pytest
import sklearn.metrics
import torch

from groundup.data.table_encoding import encoded_rows, table_facts
from groundup.data.tabular import read_table
from groundup.errors import UserError
from groundup.models.tabular.regressors import linear_regressor
from groundup.tasks.regression import Regression

TRAIN = "Id,area,roof,price\n7,1,flat,1000\n8,2,NA,2000\n9,4,gable,4000\n10,,flat,3000\n"


@pytest.fixture
def dataset(tmp_path):
    (tmp_path / "train.csv").write_text(TRAIN)
    return read_table(tmp_path / "train.csv", target="price", id_column="Id")


@pytest.fixture(params=[False, True], ids=["plain", "logarithm"])
def task(dataset, request):
    return Regression(encoding=table_facts(dataset, logarithm=request.param)["encoding"])


def batch_of(task, dataset):
    return encoded_rows([dataset[i] for i in range(len(dataset))], encoding=task.encoding)


def model_of(task):
    model = linear_regressor(in_features=len(task.encoding.features)).requires_grad_(False)
    model.output.weight.normal_(std=0.1)
    return model


def test_a_model_that_says_nothing_has_loss_1_and_predicts_the_mean(task, dataset):
    model, batch = linear_regressor(in_features=len(task.encoding.features)), batch_of(task, dataset)
    assert task.loss(model, batch)[0].item() == pytest.approx(1)
    mean = math.exp(np.log(dataset.targets).mean()) if task.target.logarithm else 2500
    assert task.predict(model, batch)["value"].tolist() == pytest.approx([mean] * 4)


def test_a_right_prediction_has_loss_0(task, dataset):
    batch = batch_of(task, dataset)
    right = lambda features: task.target.scaled(batch["target"])  # noqa: E731
    assert task.loss(right, batch)[0].item() == 0
    assert task.predict(right, batch)["value"].tolist() == pytest.approx(dataset.targets)


def test_the_metrics_are_scikit_learns_over_batches_of_any_size(task, dataset):
    model, whole = model_of(task), batch_of(task, dataset)
    metrics = task.metrics()
    for part in ([0, 1, 2], [3]):
        batch = encoded_rows([dataset[i] for i in part], encoding=task.encoding)
        for metric in metrics.values():
            metric.update(task.predict(model, batch), batch)
    truth, said = whole["target"].double().numpy(), task.predict(model, whole)["value"].detach().double().numpy()
    expected = {
        "rmse": sklearn.metrics.root_mean_squared_error(truth, said),
        "mae": sklearn.metrics.mean_absolute_error(truth, said),
        "r2": sklearn.metrics.r2_score(truth, said),
    }
    if task.target.logarithm:
        expected["log_rmse"] = sklearn.metrics.root_mean_squared_error(np.log(truth), np.log(said))
    found = {name: metric.compute() for name, metric in metrics.items() if hasattr(metric, "compute")}
    assert found == pytest.approx(expected, rel=1e-6)
    assert metrics["scatter"].picture().width > 300


def test_a_single_row_has_no_r2(task, dataset):
    metric = task.metrics()["r2"]
    metric.update({"value": torch.ones(1)}, {"target": torch.ones(1)})
    assert math.isnan(metric.compute())


def test_a_file_is_read_and_predicted_as_the_training_rows_are(task, dataset, tmp_path):
    (tmp_path / "test.csv").write_text("roof,Id,colour,area\nNA,8,red,2\nslate,12,,\n")
    items = task.read(tmp_path / "test.csv")
    batch = encoded_rows(items, encoding=task.encoding)
    assert torch.equal(batch["features"][0], batch_of(task, dataset)["features"][1])
    prediction = task.predict(model_of(task), batch)
    rows = task.write(prediction, tmp_path)
    assert [list(row) for row in rows] == [["Id", "price"]] * 2
    assert [row["Id"] for row in rows] == ["8", "12"]
    assert [row["price"] for row in rows] == pytest.approx(prediction["value"].tolist(), rel=1e-6)


def test_without_an_id_a_row_is_named_by_its_line(tmp_path):
    (tmp_path / "train.csv").write_text("x,y\n1,2\n2,4\n")
    task = Regression(encoding=table_facts(read_table(tmp_path / "train.csv", target="y"))["encoding"])
    batch = encoded_rows(task.read(tmp_path / "train.csv"), encoding=task.encoding)
    rows = task.write(task.predict(model_of(task), batch), tmp_path)
    assert [row["source"].rpartition("/")[2] for row in rows] == ["train.csv, line 2", "train.csv, line 3"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Id,roof\n1,flat\n", "test.csv lacks the columns area: the model was trained with them"),
        ("area,roof\n1,flat\n", "no column of .*test.csv is called 'Id'"),
        ("Id,area,roof\n1,wide,flat\n", "test.csv, line 2: area is 'wide' where training had numbers"),
        ("Id,area,roof\n1,2\n", "test.csv, line 2: 2 cells where the header has 3"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_as_it_is_read(task, tmp_path, content, message):
    (tmp_path / "test.csv").write_text(content)
    with pytest.raises(UserError, match=message):
        task.read(tmp_path / "test.csv")


def test_a_picture_shows_the_truth_where_it_is_known(task, dataset):
    batch = batch_of(task, dataset)
    prediction = {"value": batch["target"]}
    scatter = task.picture(batch, prediction)
    histogram = task.picture({"features": batch["features"]}, prediction)
    assert scatter.size != histogram.size
    off = task.picture(batch, {"value": batch["target"].flip(0)})
    assert scatter.tobytes() != off.tobytes()


def test_the_examples_go_into_the_model(task):
    batch = task.example_batch(3)
    assert model_of(task)(*task.inputs(batch)).shape == batch["target"].shape
    assert task.loss(model_of(task), batch)[0].isfinite()

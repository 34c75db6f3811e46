"""Columns as features: equal to pandas and scikit-learn by the same rules, learnt from the training rows alone."""

import json

import numpy as np
import pytest
import torch
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from groundup.data.house_prices import house_prices
from groundup.data.places import data_home
from groundup.data.table_encoding import TableEncoding, encoded_rows, table_facts
from groundup.data.tabular import MISSING, read_table
from groundup.errors import UserError

TRAIN = "area,roof,price\n1,flat,10\n3,flat,20\nNA,gable,40\n5,NA,80\n,gable,10\n3,tin,10\n"


def rows_of(tmp_path, text, name="train.csv", **options):
    path = tmp_path / name
    path.write_text(text)
    return read_table(path, **{"target": "price", **options})


def encoded(encoding, dataset):
    return encoding.encode([dataset[i] for i in range(len(dataset))])


def test_numbers_are_standardised_gaps_marked_and_categories_set_apart(tmp_path):
    dataset = rows_of(tmp_path, TRAIN)
    encoding = table_facts(dataset, min_count=2)["encoding"]
    assert encoding.features == ["area", "area missing", "roof = flat", "roof = gable", "roof other"]
    half = 2**0.5  # areas 1 3 5 3: mean 3, deviation sqrt(2)
    assert encoded(encoding, dataset).numpy() == pytest.approx(
        np.array(
            [
                [-half, 0, 1, 0, 0],
                [0, 0, 1, 0, 0],
                [0, 1, 0, 1, 0],
                [half, 0, 0, 0, 1],
                [0, 1, 0, 1, 0],
                [0, 0, 0, 0, 1],
            ]
        )
    )


def test_what_training_never_saw_has_a_place_of_its_own_or_none(tmp_path):
    dataset = rows_of(tmp_path, TRAIN)
    new = rows_of(tmp_path, "area,roof,colour\n3,slate,red\n3,NA,\n", "new.csv", target=None)
    rare, every = (table_facts(dataset, min_count=count)["encoding"] for count in (2, 1))
    assert encoded(rare, new)[:, 2:].tolist() == [[0, 0, 1], [0, 0, 1]]  # the one gap of training was rare too
    assert every.features[2:] == ["roof = flat", "roof = gable", "roof = tin", "roof missing"]
    assert encoded(every, new)[:, 2:].tolist() == [[0, 0, 0, 0], [0, 0, 0, 1]]


def test_statistics_come_from_the_training_rows_alone(tmp_path):
    dataset = rows_of(tmp_path, TRAIN)
    few = dataset.chosen([0, 1])
    encoding = table_facts(few)["encoding"]
    assert encoding.features == ["area", "roof = flat"]
    assert encoded(encoding, dataset)[:, 0].tolist() == [-1, 1, 0, 3, 0, 1]


def test_the_target_is_brought_to_mean_0_and_deviation_1_and_back(tmp_path):
    dataset = rows_of(tmp_path, TRAIN)
    prices = torch.tensor(dataset.targets, dtype=torch.float64)
    for logarithm in (False, True):
        target = table_facts(dataset, logarithm=logarithm)["encoding"].target
        scaled = target.scaled(prices)
        assert scaled.mean().item() == pytest.approx(0) and scaled.std(correction=0).item() == pytest.approx(1)
        torch.testing.assert_close(target.restored(scaled), prices)
    assert scaled.diff()[0].item() == pytest.approx(scaled.diff()[1].item())  # 10, 20, 40: equal steps in logarithms


def test_a_batch_holds_features_targets_and_ids(tmp_path):
    dataset = rows_of(tmp_path, "n,x,price\na,1,3\nb,2,4\n", id_column="n")
    batch = encoded_rows([dataset[0], dataset[1]], encoding=table_facts(dataset)["encoding"])
    assert batch["features"].dtype == batch["target"].dtype == torch.float32
    assert (batch["target"].tolist(), batch["id"]) == ([3, 4], ["a", "b"])
    assert [source.rpartition(", ")[2] for source in batch["source"]] == ["line 2", "line 3"]


def test_facts_come_back_from_json_unchanged(tmp_path):
    dataset = rows_of(tmp_path, TRAIN)
    encoding = table_facts(dataset, logarithm=True, min_count=2)["encoding"]
    plain, tensors = encoding.to_fact()
    again = TableEncoding.from_fact(json.loads(json.dumps(plain)), tensors)
    assert (again.columns, again.target, again.features) == (encoding.columns, encoding.target, encoding.features)
    assert torch.equal(encoded(again, dataset), encoded(encoding, dataset))


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("x,price\n1,1\n2,1\nwide,1\n", {}, r"train.csv, line 4: x is 'wide', no number among numbers: mend .*=\('x',\)"),
        ("x,price\nwide,1\nslim,1\n3,1\n", {}, "line 4: x is '3', a number among words"),
        ("x,price\n,1\nNA,1\n", {}, "column 'x' is empty in every row: leave it out with `ignore`"),
        ("x,price\n" + "".join(f"name {n},1\n" for n in range(101)), {}, "column 'x' has 101 different values, which is text"),
        ("x,price\n1e300,1\n-1e300,1\n", {}, "column 'x' holds numbers as large as 1e\\+300"),
        ("x,price\n1,1\n2,0\n", {"logarithm": True}, "line 3: price is 0, which has no logarithm"),
        ("x,price\n1,1\n", {"categories": ["y"]}, "no column of .* for `categories` is called 'y'"),
        ("price\n1\n", {}, "no column to predict price from"),
    ],
)
def test_a_column_that_is_neither_numbers_nor_categories_is_refused(tmp_path, text, options, message):
    with pytest.raises(UserError, match=message) as refusal:
        table_facts(rows_of(tmp_path, text), **options)
    assert "\n" not in str(refusal.value)


def test_what_is_refused_can_be_named_a_category_or_ignored(tmp_path):
    text = "x,price\n" + "".join(f"{n},1\n" for n in (1, 2, "3+"))
    assert table_facts(rows_of(tmp_path, text), categories=["x"])["encoding"].features == ["x = 1", "x = 2", "x = 3+"]
    names = "x,y,price\n" + "".join(f"name {n},{n},1\n" for n in range(101))
    assert table_facts(rows_of(tmp_path, names, ignore=["x"]))["in_features"] == 1
    assert table_facts(rows_of(tmp_path, names), categories=["x"])["in_features"] == 102


def test_a_word_where_training_had_numbers_is_named_with_its_line(tmp_path):
    encoding = table_facts(rows_of(tmp_path, TRAIN))["encoding"]
    new = rows_of(tmp_path, "area,roof\n3,flat\nwide,flat\n", "new.csv", target=None)
    with pytest.raises(UserError, match=r"new.csv, line 3: area is 'wide' where training had numbers"):
        encoded(encoding, new)


def test_a_column_that_never_changes_gives_zeros_not_rounding_errors(tmp_path):
    dataset = rows_of(tmp_path, "x,price\n" + "0.1,1\n" * 7)
    assert encoded(table_facts(dataset)["encoding"], dataset).abs().max() < 1e-12


def test_house_prices_are_encoded_as_pandas_and_scikit_learn_do_it():
    pandas = pytest.importorskip("pandas")
    folder = data_home() / "house_prices"
    if not folder.is_dir():
        pytest.skip("house_prices is not on this machine")
    train, test = house_prices(split="train", fold=0), house_prices(split="test")
    encoding = table_facts(train, categories=("MSSubClass",), min_count=5, logarithm=True)["encoding"]
    frames = {}
    for name in ("train", "test"):
        path = folder / f"kaggle_house_pred_{name}.csv"
        frames[name] = pandas.read_csv(path, keep_default_na=False, na_values=list(MISSING), dtype={"MSSubClass": str})
    known = frames["train"][frames["train"]["Id"].astype(str).isin({train[i]["id"] for i in range(len(train))})]
    assert len(known) == len(train) == 1168
    ours = {name: encoded(encoding, dataset).numpy() for name, dataset in (("train", train), ("test", test))}
    at = 0
    for column in train.columns:
        if pandas.api.types.is_numeric_dtype(known[column]):
            theirs = make_pipeline(StandardScaler(), SimpleImputer(strategy="constant", fill_value=0.0, add_indicator=True))
            cells = {"train": known[[column]].astype(float), "test": frames["test"][[column]].astype(float)}
        else:
            theirs = OneHotEncoder(min_frequency=5, handle_unknown="infrequent_if_exist", sparse_output=False)
            cells = {
                name: frame[[column]].astype(object).fillna("~") for name, frame in (("train", known), ("test", frames["test"]))
            }
        theirs.fit(cells["train"].to_numpy())
        for name, values in ours.items():
            expected = theirs.transform(cells[name].to_numpy())  # "~" is sorted last, where ours has "missing"
            assert values[:, at : at + expected.shape[1]] == pytest.approx(expected, abs=1e-10), (column, name)
        at += expected.shape[1]
    assert at == len(encoding.features)


def test_a_cell_of_thousands_of_letters_is_refused_in_a_short_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"size,price\n1,1\n2,2\n{'x' * 9999},3\n")
    with pytest.raises(UserError, match=r"size is 'x+', no number among numbers") as refused:
        table_facts(read_table(path, target="price"))
    assert len(str(refused.value)) < 500

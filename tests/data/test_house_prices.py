"""The tables beside the checkout: counts as their READMEs say, cells as independent readers read them."""

import numpy as np
import pytest
import torch

from groundup.data.airfoil import airfoil
from groundup.data.house_prices import house_prices
from groundup.data.places import data_home
from groundup.data.table_encoding import table_facts
from groundup.data.tabular import MISSING
from groundup.errors import UserError

MINIATURE = "Id,Alley,LotArea,SalePrice\n" + "".join(f"{n},NA,{n}00,{n}000\n" for n in range(1, 11))


def needs(name):
    if not (data_home() / name).is_dir():
        pytest.skip(f"{name} is not on this machine")
    return data_home() / name


def test_the_counts_are_those_of_the_readme():
    needs("house_prices")
    every, test = house_prices(split="train", fold=None), house_prices(split="test")
    assert (len(every), len(every.names)) == (1460, 81)
    assert (len(test), len(test.names)) == (1459, 80)
    prices = np.array(every.targets)
    assert (round(prices.mean(), 1), prices.min(), prices.max()) == (180921.2, 34900, 755000)
    assert sum(cell is None for row in every.rows for cell in row.cells) == 6965
    assert "target" not in test[0] and test[0]["id"] == "1461"
    sizes = [[len(house_prices(split=split, fold=fold)) for fold in range(5)] for split in ("train", "validation")]
    assert sizes == [[1168] * 5, [292] * 5]


def test_every_cell_of_the_house_prices_is_what_pandas_reads():
    pandas = pytest.importorskip("pandas")
    folder = needs("house_prices")
    for name, ours in (("train", house_prices(split="train", fold=None)), ("test", house_prices(split="test"))):
        path = folder / f"kaggle_house_pred_{name}.csv"
        theirs = pandas.read_csv(path, dtype=str, keep_default_na=False, na_values=list(MISSING))
        assert list(theirs.columns) == list(ours.names)
        cells = theirs.astype(object).where(theirs.notna(), None).to_numpy()
        assert (cells == np.array([row.cells for row in ours.rows], dtype=object)).all()


def test_kaggles_own_file_names_are_read_too(tmp_path):
    (tmp_path / "train.csv").write_text(MINIATURE)
    (tmp_path / "test.csv").write_text("Id,Alley,LotArea\n11,Pave,7\n")
    train, held_out = (house_prices(split=split, root=tmp_path) for split in ("train", "validation"))
    assert (len(train), len(held_out)) == (8, 2)
    assert {train[i]["target"] / 1000 for i in range(8)} | {held_out[i]["target"] / 1000 for i in range(2)} == set(range(1, 11))
    assert house_prices(split="test", root=tmp_path)[0]["cells"] == {"Alley": "Pave", "LotArea": "7"}


def test_a_split_or_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match="train, validation and test; got 'valid'"):
        house_prices(split="valid", root=tmp_path)
    with pytest.raises(UserError, match=r"kaggle_house_pred_train.csv or train.csv"):
        house_prices(split="train", root=tmp_path)


def test_the_airfoil_is_what_numpy_reads():
    folder = needs("airfoil")
    dataset = airfoil(split="train", fold=None)
    theirs = np.loadtxt(folder / "airfoil_self_noise.dat")
    assert len(dataset) == 1503
    ours = [[*map(float, dataset[i]["cells"].values()), dataset[i]["target"]] for i in range(len(dataset))]
    assert (np.array(ours) == theirs).all()
    facts = table_facts(dataset)
    assert facts["in_features"] == 5
    features = facts["encoding"].encode([dataset[i] for i in range(len(dataset))])
    torch.testing.assert_close(features, torch.from_numpy((theirs - theirs.mean(0)) / theirs.std(0))[:, :5])


def test_an_airfoil_of_ones_own_has_six_columns(tmp_path):
    (tmp_path / "airfoil_self_noise.dat").write_text("1\t2\t3\t4\t5\t6\n1\t2\t3\t4\t5\n")
    with pytest.raises(UserError, match="line 2: 5 cells where the header has 6"):
        airfoil(split="train", root=tmp_path)

"""House prices in Ames, Iowa: 79 facts about each of 2,919 houses, and what half of them were sold for."""

from pathlib import Path

from torch.utils.data import Dataset

from groundup.data.places import folder_of
from groundup.data.tabular import read_table, split_rows
from groundup.errors import UserError

FILES = {name: (f"kaggle_house_pred_{name}.csv", f"{name}.csv") for name in ("train", "test")}  # as d2l names them, and Kaggle


def house_prices(*, split: str, root: str | Path | None = None, fold: int | None = 0, folds: int = 5, seed: int = 0) -> Dataset:
    """House prices of Kaggle's competition: 1,460 houses with SalePrice in dollars, 1,459 without; 79 columns, 6,965 gaps.

    `split` is "validation", the rows of one of five folds; "train", the rows of the others, or every row with `fold=None`;
    or "test", Kaggle's rows without a price, to be predicted and submitted. "NA" marks what is missing: often not a gap in
    the records but a house without an alley, a pool or a garage. "None" of the masonry veneer is a category.
    Items are those of `Table`, with the column Id as the id.
    Raises: UserError for another split, a fold that is not there, and files that are not.
    Source: De Cock 2011, https://jse.amstat.org/v19n3/decock.pdf; Kaggle,
    https://www.kaggle.com/c/house-prices-advanced-regression-techniques (no licence stated).
    """
    if split not in ("train", "validation", "test"):
        raise UserError(f"house_prices has the splits train, validation and test; got {split!r}")
    choices = FILES["test" if split == "test" else "train"]
    folder = folder_of("house_prices", root, [choices])
    path = next(folder / name for name in choices if (folder / name).exists())
    if split == "test":
        return read_table(path, id_column="Id")
    return split_rows(read_table(path, target="SalePrice", id_column="Id"), split=split, fold=fold, folds=folds, seed=seed)

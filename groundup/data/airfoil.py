"""The noise of wings in NASA's wind tunnel."""

from pathlib import Path

from torch.utils.data import Dataset

from groundup.data.places import folder_of
from groundup.data.tabular import read_table, split_rows

FILE = "airfoil_self_noise.dat"
COLUMNS = ("frequency", "angle", "chord", "velocity", "thickness", "noise")


def airfoil(*, split: str, root: str | Path | None = None, fold: int | None = 0, folds: int = 5, seed: int = 0) -> Dataset:
    """NASA's airfoil self-noise: 1,503 measurements of five numbers, and the noise to predict.

    `split` is "validation", the rows of one of five folds, or "train", the rows of the others, or every row with `fold=None`.
    Items are those of `Table`.
    Units and ranges: frequency in Hz, angle of attack in degrees, chord and thickness (of the boundary layer) in metres,
    velocity of the stream in m/s, noise in dB.
    Raises: UserError for another split, a fold that is not there, and a file that is not.
    Source: Brooks, Pope and Marcolini 1989; https://archive.ics.uci.edu/dataset/291/airfoil+self+noise (CC BY 4.0).
    """
    path = folder_of("airfoil", root, [FILE]) / FILE
    whole = read_table(path, target="noise", delimiter="\t", header=COLUMNS)
    return split_rows(whole, split=split, fold=fold, folds=folds, seed=seed)

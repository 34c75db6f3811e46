"""A number for each row of a table."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn import Module

from groundup.data.table_encoding import TableEncoding
from groundup.data.tabular import read_table
from groundup.errors import UserError
from groundup.losses.regression import MSELoss
from groundup.metrics.regression import (
    Explained,
    MeanAbsolute,
    PredictedAgainstTrue,
    RootMeanSquare,
    draw_histogram,
    draw_scatter,
)
from groundup.tasks.task import Batch, Item, Metric


class Regression:
    """Squared error on `features` and `target`; predicts the target in its own unit.

    `encoding` says how a row becomes features, and what the model's output stands for: the target, or its logarithm, at mean
    0 and deviation 1. A relative error in a price is an absolute one in its logarithm.
    """

    def __init__(self, *, encoding: TableEncoding):
        self.encoding, self.target = encoding, encoding.target
        self.criterion = MSELoss()

    def loss(self, model: Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        return self.criterion(model(*self.inputs(batch)), self.target.scaled(batch["target"])), {}

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        return (batch["features"],)

    def predict(self, model: Module, batch: Batch) -> dict[str, object]:
        value = self.target.restored(model(*self.inputs(batch)).float())
        return {"value": value, "source": batch.get("source"), "id": batch.get("id")}

    def metrics(self) -> dict[str, Metric]:
        found = {"rmse": RootMeanSquare(), "mae": MeanAbsolute(), "r2": Explained()}
        if self.target.logarithm:
            found = {"log_rmse": RootMeanSquare(logarithm=True), **found}
        return {**found, "scatter": PredictedAgainstTrue(name=self.target.name, logarithm=self.target.logarithm)}

    def read(self, path: Path) -> list[Item]:
        """The rows of a CSV file that has the columns of the training data; others, the target too, are not looked at."""
        rows = read_table(path, id_column=self.encoding.id_column)
        lacking = [column.name for column in self.encoding.columns if column.name not in rows.names]
        if lacking:
            raise UserError(f"{path} lacks the columns {', '.join(lacking)}: the model was trained with them")
        items = [rows[index] for index in range(len(rows))]
        self.encoding.encode(items)  # refuses a cell that does not fit, while its file can still be passed over
        return items

    def write(self, prediction: Batch, folder: Path) -> list[dict[str, object]]:
        """A row of the id and the prediction, as Kaggle takes it; of the source, where no column is the id."""
        column = self.encoding.id_column or "source"
        rows = zip(prediction["id"] or prediction["source"], prediction["value"].tolist(), strict=True)
        return [{column: row, self.target.name: float(f"{value:.7g}")} for row, value in rows]

    def picture(self, batch: Batch, prediction: Batch) -> Image.Image:
        """What was predicted over what is true; where the truth is not known, how the predictions are spread."""
        values, name = prediction["value"].cpu(), self.target.name
        if "target" not in batch:
            return draw_histogram(values, name=name)
        return draw_scatter(values, batch["target"].cpu(), name=name, logarithm=self.target.logarithm)

    def example_batch(self, n: int) -> Batch:
        """Rows at the mean of every number, without any category."""
        return {"features": torch.zeros(n, len(self.encoding.features)), "target": torch.ones(n)}

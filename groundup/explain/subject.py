"""What can be explained: a classifier of pictures."""

from groundup.errors import UserError
from groundup.tasks.classification import Classification
from groundup.tasks.task import Task


class NothingToShow(Exception):
    """This model has nothing of the kind that a picture would be of; the message says what it lacks."""


def check_task(task: Task) -> None:
    """Raises: UserError for a task that gives no class to a picture, naming what it is."""
    if not isinstance(task, Classification):
        raise UserError(f"explain is for runs of Classification; this is one of {type(task).__name__}")

from groundup.errors import UserError  # noqa: F401

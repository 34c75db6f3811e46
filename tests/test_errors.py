"""Errors that are shown to a person."""

from groundup.errors import UserError


def test_what_a_terminal_would_obey_is_shown_by_its_code():
    told = str(UserError("no file \x1b[31mred\x07\u202e.jpg, größer 图\nnext"))
    assert told == r"no file \x1b[31mred\x07\u202e.jpg, größer 图" + "\nnext"

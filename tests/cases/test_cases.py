"""Every case holds: each thing of ours equals its independent reference."""

import pytest

from groundup.cases.ledger import all_cases


@pytest.mark.parametrize("name", all_cases())
def test_ours_equals_the_reference(name):
    case = all_cases()[name]
    if case.missing():
        pytest.skip(f"the reference of {name} needs {', '.join(case.missing())}: pip install 'groundup[reference]'")
    result = case.run()
    assert result.passed, result

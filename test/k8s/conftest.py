"""The installation that `run` made, and a table of what each fault did to its users."""
import pytest

from installation import Installation

_rows = []


@pytest.fixture(scope="session")
def installation():
    return Installation()


@pytest.fixture
def binary():
    """No binary of this machine is tested here."""


@pytest.fixture
def row():
    """row(what, figure, …) puts a line into the table at the end."""
    return lambda *cells: _rows.append(cells)


def pytest_terminal_summary(terminalreporter):
    if not _rows:
        return
    terminalreporter.section("figures")
    for cells in _rows:
        terminalreporter.line(f"{cells[0]:58} " + "  ".join(str(cell) for cell in cells[1:]))

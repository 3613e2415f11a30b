"""How the whole run is shared: what the table names is there, and a share is a file or a folder."""

from __future__ import annotations

from tests.frame.tree import ROOT
from tests.sharing import SECONDS, WHOLE_FOLDERS, share_of


def test_what_the_table_of_shares_names_is_there() -> None:
    assert [name for name in (*SECONDS, *WHOLE_FOLDERS) if not (ROOT / name).exists()] == []
    assert [name for name in SECONDS if share_of(name) != name] == [], "a folder that goes as a whole is named whole"


def test_a_share_is_a_file_or_the_folder_around_it() -> None:
    assert share_of("tests/store/test_work.py::test_one[postgres-a::b]") == "tests/store/test_work.py"
    assert share_of("tests/browser/test_keys.py::test_one") == "tests/browser/"

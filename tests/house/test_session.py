"""What a session's processes share: made once, and by a failure not half."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.session import made_once, session_folder


def test_what_is_shared_is_made_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    made = list[Path]()
    folders = {made_once(tmp_path_factory, "made-once", made.append) for _ in range(2)}
    assert folders == set(made)
    assert len(made) == 1


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_making_that_fails_leaves_nothing_and_the_next_one_tries_again(
    tmp_path_factory: pytest.TempPathFactory, failure: type[BaseException]
) -> None:
    name, tried = f"fails-{failure.__name__}", list[str]()

    def make(folder: Path) -> None:
        tried.append(folder.name)
        (folder / "half").mkdir()
        (folder / "half" / "done.txt").write_text("half", encoding="utf-8")
        if len(tried) < 3:
            raise failure

    for _ in range(2):
        with pytest.raises(failure):
            made_once(tmp_path_factory, name, make)
        assert not (session_folder(tmp_path_factory) / name).exists()
    assert (made_once(tmp_path_factory, name, make) / "half" / "done.txt").exists()
    assert len(tried) == 3

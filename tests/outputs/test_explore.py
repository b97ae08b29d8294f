"""A plan shown in a notebook's cell."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import hubplanner as hp

if TYPE_CHECKING:
    from support.project import Project


def test_a_cell_holds_the_whole_page_and_asks_no_host(project: Project) -> None:
    plan = hp.solve(project.read())
    cell = plan.explore(height=500)
    shown = cell._repr_html_()
    assert 'height="500"' in shown
    found = re.search(r'srcdoc="([^"]*)"', shown)
    assert found is not None
    page = html.unescape(found.group(1))
    assert page == cell.page
    assert f"{plan.summary()['people']['covered']:,.0f}" in page
    assert "default-src 'none'" in html.unescape(page)
    assert not re.search(r"""(?:src|href)=["']?https?:""", page)

"""Third-party files are unmodified, with their licenses beside them."""

import base64
import hashlib
import re

import pytest

from tests.house.source import PORTAL, ROOT

STATIC = PORTAL / "static"
AXE = ROOT / "tests" / "support" / "axe"  # for the tests alone


@pytest.mark.parametrize(("folder", "name", "version"), [(STATIC / "htmx", "htmx", "4.0.1"), (AXE, "axe", "4.14.1")])
def test_a_script_of_others_is_the_file_that_its_readme_says(folder, name, version):
    scripts = list(folder.glob("*.js"))
    assert [path.name for path in scripts] == [f"{name}-{version}.min.js"]
    readme = (folder / "README.md").read_text()
    digest = base64.b64encode(hashlib.sha384(scripts[0].read_bytes()).digest()).decode()
    assert re.search(r"sha384-([A-Za-z0-9+/]{64})", readme)[1] == digest
    assert version in readme


@pytest.mark.parametrize(
    "folder",
    [STATIC / "htmx", STATIC / "fonts", STATIC / "icons", PORTAL / "folder" / "fonts", AXE],
    ids=lambda folder: folder.name,
)
def test_the_work_of_others_has_its_licence_beside_it(folder):
    assert list(folder.glob("LICENSE*"))


def test_no_style_or_script_of_ours_fetches_anything_elsewhere():
    ours = [path for path in STATIC.iterdir() if path.suffix in (".css", ".js")]
    assert ours
    assert [path.name for path in ours if re.search(r"https?://|@import|url\([\"']?data:", path.read_text())] == []


def test_the_one_script_is_htmx_as_it_came_and_ours_behind_it():
    parts = [(STATIC / "htmx" / "htmx-4.0.1.min.js").read_text(), (STATIC / "portal.js").read_text()]
    assert (STATIC / "scripts.js").read_text() == "\n".join(parts)


def test_each_typeface_of_the_report_is_the_file_that_its_readme_says():
    folder = PORTAL / "folder" / "fonts"
    readme = dict(re.findall(r"^    (\S+) sha384-(\S+)$", (folder / "README.md").read_text(), re.MULTILINE))
    found = {path.name: base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode() for path in folder.glob("*.[ot]tf")}
    assert readme == found and len(found) == 3

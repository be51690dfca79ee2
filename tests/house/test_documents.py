"""The documents match the code: settings, packages, commands, paths, links, IDs; and they cover texts' obligations (SM-6, AD-9)."""

import configparser
import re
import tomllib
from urllib.parse import unquote

import click

from portal import cli
from portal.words.refusals import SENTENCES
from tests.house.documents import DOCS, DOCUMENTS, anchors, first_cells, named, rows, text_of
from tests.house.source import PORTAL, ROOT, modules

RISK, EXIT, OPERATING = (DOCS / name for name in ("risk-assessment.md", "sms-exit-plan.md", "operating.md"))
README = ROOT / "README.md"
README_LINES = 120
PLACES = ("portal/", "tests/", "docs/", "bench/", ".ci/")
ID = re.compile(r"\b(?:[A-Z]{2}|C)-\d+\b")
RULES = re.compile(r"\brules? ((?:\d+(?:, | and | to |\b))+)")


def by_name(path):
    """Returns a file's name for failure messages."""
    return str(path.relative_to(ROOT))


def test_the_readme_is_short():
    assert len(README.read_text().splitlines()) <= README_LINES


def is_dead(path, target):
    """Returns whether a link in a document leads to a missing file or heading."""
    name, _, anchor = unquote(target).partition("#")
    place = (path.parent / name).resolve() if name else path
    return not place.exists() or bool(anchor and anchor not in anchors(place))


def test_every_link_leads_somewhere():
    links = [(path, target) for path in DOCUMENTS for target in re.findall(r"\]\(<?([^)>\s]+)>?\)", text_of(path))]
    inside = [(path, target) for path, target in links if not re.match(r"https?:|mailto:", target)]
    assert len(inside) > 20
    assert [(by_name(path), target) for path, target in inside if is_dead(path, target)] == []


def paths(path):
    """Returns the project paths that a document names; a word in capitals is a placeholder."""
    pieces = [piece.split(":")[0].split("#")[0] for piece in named(path) if piece.startswith(PLACES) and " " not in piece]
    return [piece for piece in pieces if not re.search(r"(?<![A-Za-z])(?!README|LICENSE)[A-Z]{4,}|…", piece)]


def test_every_path_exists():
    everywhere = [(path, piece) for path in DOCUMENTS for piece in paths(path)]
    assert len(everywhere) > 50
    assert [(by_name(path), piece) for path, piece in everywhere if not any(ROOT.glob(piece.rstrip("/")))] == []


def mapped():
    """Returns (packages, code spans) for every row of the README's map."""
    found = [([ROOT / place for place in re.findall(r"`(portal/[\w/]*)`", row[0])], row[1]) for row in rows(README)]
    return [(places, set(re.findall(r"`([a-z_]+)`", words))) for places, words in found if places]


def test_the_map_names_every_module():
    """A row names all modules of its package (none of the models), and nothing that does not exist."""
    for places, words in mapped():
        files = [path for place in places for path in place.glob("*")]
        own = {path.stem for path in files if path.suffix == ".py"} - {"__init__"}
        own = own if places != [PORTAL / "models"] else set()
        assert (places, own - words, words - {path.stem for path in files}) == (places, set(), set())
    packages = {path.parent for path in PORTAL.rglob("__init__.py")} - {PORTAL / "flows", PORTAL / "blueprints"}
    assert packages - {place for places, _ in mapped() for place in places} == set()


def test_every_command_exists():
    from flask_alembic.cli import cli as database_commands  # slow to import, and used only here

    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    groups = {each.name: each for each in vars(cli).values() if isinstance(each, click.Command)} | {"db": database_commands}
    for path in DOCUMENTS:
        asked = re.findall(r"(?:`|^)make ([a-z]+)", path.read_text(), re.MULTILINE)
        used = re.findall(r"flask --app wsgi ([a-z]+)(?: ([a-z]+))?", path.read_text())
        missing = [pair for pair in used if pair[0] not in groups or (pair[1] and pair[1] not in groups[pair[0]].commands)]
        assert (by_name(path), set(asked) - targets, missing) == (by_name(path), set(), [])


def test_every_setting_is_in_the_table():
    texts = [module.text for module in modules()] + [path.read_text() for path in ROOT.glob("*.py")]  # how gunicorn serves it
    read = {name for text in texts for name in re.findall(r'"(PORTAL_[A-Z_]+)"', text)}
    table = {name for cell in first_cells(OPERATING) for name in re.findall(r"PORTAL_[A-Z_]+", cell)}
    assert (read - table, table - read) == (set(), set())
    elsewhere = {name for path in DOCUMENTS for name in re.findall(r"PORTAL_[A-Z_]*[A-Z]", path.read_text())}
    assert elsewhere - read == set()


def test_the_readme_repeats_settings_as_they_are():
    table = {row[0]: row[1] for row in rows(OPERATING)}
    settings = [row for row in rows(README) if "PORTAL_" in row[0]]
    assert settings and [row[0] for row in settings if table.get(row[0]) != row[1]] == []


def test_every_package_is_explained():
    written = configparser.ConfigParser()
    written.read(ROOT / "setup.cfg")
    wanted = [written["options"]["install_requires"], *written["options.extras_require"].values()]
    names = {re.match(r"[\w.-]+", line.strip())[0].lower() for part in wanted for line in part.splitlines() if line.strip()}
    other = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*other["build-system"]["requires"], *(each for group in other["dependency-groups"].values() for each in group)]
    names |= {re.match(r"[\w-]+", each)[0] for each in asked}
    programs = {
        name.strip('"') for name in re.findall(r":([a-z][a-z0-9-]+)(?=[ ;])", (ROOT / "tests/support/install.sh").read_text())
    }
    explained = {name.strip() for cell in first_cells(DOCS / "dependencies.md") for name in cell.split(",")} - {
        "package",
        "program",
    }
    wanted = (names | programs) - {"medximity-portal"}
    assert (wanted - explained, explained - wanted) == (set(), set())


def cited():
    """Returns ID -> files that cite it, from every text file in the repository except the list itself."""
    found = {}
    folders = ("portal", "tests", "docs", "bench")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*")] + [
        *ROOT.glob("*.md"),
        *ROOT.glob("*.py"),
        ROOT / "Makefile",
    ]
    for path in files:
        if path.suffix not in (".py", ".md", ".html", ".txt", ".css", ".js", "") or not path.is_file():
            continue
        if path.name == "requirements.md" or path.name.endswith(".min.js"):
            continue
        text = path.read_text(errors="replace")
        ids = ID.findall(text) + [f"rule {number}" for some in RULES.findall(text) for number in re.findall(r"\d+", some)]
        for each in ids:
            found.setdefault(each, set()).add(by_name(path))
    return found


def test_every_id_that_is_cited_is_explained_once():
    listed = [cell for cell in first_cells(DOCS / "requirements.md") if ID.fullmatch(cell) or cell.startswith("rule ")]
    assert len(listed) == len(set(listed))
    found = cited()
    assert len(found) > 100 and {each: places for each, places in found.items() if each not in listed} == {}


def test_every_decision_is_numbered_and_in_the_index():
    files = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in files] == list(range(1, len(files) + 1))
    index = (DOCS / "decisions" / "README.md").read_text()
    for number, path in enumerate(files, 1):
        title, *parts = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
        assert title.startswith(f"{number}. ") and f"[{title.partition('. ')[2]}]({path.name})" in index
        assert parts == ["Context", "Choice", "Consequence", "Requirements"]


def test_texts_have_a_risk_assessment_and_a_plan_to_leave_them_by_a_switch():
    assert "3.2.9" in RISK.read_text() and "3.2.9" in EXIT.read_text()
    assert "PORTAL_SMS=0" in EXIT.read_text() and "`PORTAL_SMS`" in OPERATING.read_text()
    assert "sms-exit-plan.md" in RISK.read_text() and "risk-assessment.md" in EXIT.read_text()


def test_the_plan_quotes_what_people_read():
    quoted = [reason for reason in SENTENCES if re.match("texts_(off_|not)", reason)]
    assert quoted and [reason for reason in quoted if f'"{SENTENCES[reason]}"' not in EXIT.read_text()] == []


def test_every_vendor_who_carries_codes_or_mail_is_on_the_list():
    carriers = {"PORTAL_SMS_URL", "PORTAL_NUMBER_CHECK_URL", "PORTAL_SMTP_URL", "PORTAL_REDIS_URL", "PORTAL_DATABASE_URL"}
    listed = {name for row in rows(RISK) for cell in row for name in re.findall(r"`(PORTAL_[A-Z_]+)`", cell)}
    assert carriers - listed == set()

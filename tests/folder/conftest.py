"""A folder of made-up findings, made once, without a database."""

import json
import secrets
import shutil
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from portal.crypto import Keyring
from portal.flows.auditor import changes, drills, emergencies, factors, resets, rules, sign_ins
from portal.flows.auditor.collect import Findings
from portal.flows.auditor.scope import Period, Person, Scope
from portal.flows.auditor.trail import Trail
from portal.folder.archive import DirectoryStore
from portal.folder.make import Order, write_folder
from portal.policy import PROVIDER

NOW = datetime(2027, 3, 1, 12, 0, 10, tzinfo=UTC)
NAMES = (
    "Ana Whitfield",
    "김민준",
    "Олег Петров",
    "Nguyễn Thị Ánh",
    "=2+5+cmd|' /C calc'!A0",
    'José "Pepe" O\'Neil, MD',
    "Zoë 👩‍⚕️ Lee",
    "李小龙",
)
NO_TRAIL = Trail(0, 0, 0, "", 0, None, 0, None, ())


def people(number):
    return [Person(f"{NAMES[at % len(NAMES)]} {at}", f"staff{at:05}", "provider") for at in range(number)]


def findings(number=40):
    """Returns findings about so many people, with a row of every kind."""
    own = people(number)
    ana, min_jun, oleg = own[:3]
    zone = ZoneInfo("America/Los_Angeles")
    scope = Scope(7, "Clínica 로즈 & Söhne", Period(date(2026, 3, 2), date(2027, 3, 1), zone), NOW, PROVIDER)
    held = [factors.Factor(each, "totp", NOW, None, factors.WORKS) for each in own[1:]]
    missing = [factors.Missing(ana, factors.GRACE, NOW, NOW, 2, None)]
    return Findings(
        scope=scope,
        rules=[
            rules.Rule(True, "deadline", f"{NOW.isoformat()};3;5", NOW, False, None, oleg),
            rules.Rule(False, "sessions", "15;12", None, False, None, None),
        ],
        holdings=factors.Holdings(number, held, missing),
        changes=[changes.Change(NOW, oleg, "authenticator_added", "totp", oleg)],
        resets=[
            resets.Reset(
                "reset",
                min_jun,
                ana,
                NOW,
                "Lost, call (503) 555-0164 or 010-2345-6789\n=HYPERLINK(1) on 2027-03-01 10:22",
                ("photo_id",),
                "done",
                (oleg,),
                NOW,
            )
        ],
        emergencies=[
            emergencies.Emergency(oleg, NOW, "No phone", "approved", ana, NOW, NOW, (3, 7), "reviewed", min_jun, NOW),
        ],
        months=[sign_ins.Month(date(2027, 2, 1), tuple(range(8)))],
        drills=[drills.Drill(NOW, "Dana", "ok", "All signed in", NOW)],
        texts=None,
        sends_texts=True,
        countries=("US", "KR"),
    )


@pytest.fixture(scope="session")
def keyring():
    """The keys of a portal, the second one old."""
    return Keyring((("2027a", secrets.token_bytes(32)), ("2026a", secrets.token_bytes(32))))


@pytest.fixture(scope="session")
def signed(keyring, tmp_path_factory):
    """A whole folder."""
    path = tmp_path_factory.mktemp("folders") / "audit"
    path.mkdir()
    write_folder(
        DirectoryStore(path), findings(), NO_TRAIL, keyring, Order("en", "Robin Lee (admin.lee)", NOW), lambda name: None
    )
    return path


@pytest.fixture
def copied(signed, tmp_path):
    """A copy of it, to spoil."""
    return shutil.copytree(signed, tmp_path / "audit")


def manifest(copied):
    return json.loads((copied / "manifest.json").read_text())

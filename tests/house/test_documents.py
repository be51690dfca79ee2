"""What is written beside the code is there and says what the code does: the papers that texts oblige us to, the settings (SM-6, AD-9)."""

import re

import pytest

from portal.words.refusals import SENTENCES
from tests.house.source import PORTAL, ROOT, modules

RISK, EXIT = ROOT / "docs" / "risk-assessment.md", ROOT / "docs" / "sms-exit-plan.md"
README = (ROOT / "README.md").read_text()


def test_texts_have_a_risk_assessment_and_a_plan_to_leave_them_by_a_switch():
    assert "3.2.9" in RISK.read_text() and "3.2.9" in EXIT.read_text()
    assert "PORTAL_SMS=0" in EXIT.read_text() and "`PORTAL_SMS`" in README
    assert "sms-exit-plan.md" in RISK.read_text() and "risk-assessment.md" in EXIT.read_text()


@pytest.mark.parametrize("reason", [reason for reason in SENTENCES if re.match("texts_(off_|not)", reason)])
def test_the_plan_quotes_what_people_read(reason):
    assert f'"{SENTENCES[reason]}"' in EXIT.read_text()


def test_every_vendor_who_carries_codes_or_mail_is_on_the_list():
    carriers = {"PORTAL_SMS_URL", "PORTAL_NUMBER_CHECK_URL", "PORTAL_SMTP_URL", "PORTAL_REDIS_URL", "PORTAL_DATABASE_URL"}
    rows = [line for line in RISK.read_text().splitlines() if line.startswith("|")]
    assert {name for name in carriers if not any(f"`{name}`" in row for row in rows)} == set()


def test_every_setting_is_in_the_readmes_table():
    read = {name for module in modules() for name in re.findall(r'"(PORTAL_[A-Z_]+)"', module.text)}
    table = {name for line in README.splitlines() if line.startswith("| `") for name in re.findall(r"`(PORTAL_[A-Z_]+)`", line)}
    assert read - table == set()
    assert set(re.findall(r"PORTAL_[A-Z_]+", EXIT.read_text() + RISK.read_text())) <= read


def test_the_settings_are_where_the_readme_says():
    assert "portal/settings/environment.py" in README and (PORTAL / "settings" / "environment.py").exists()

"""A folder's files: every row in the report and in its table, what people wrote made harmless, and figures that fit."""

import re
import stat
import subprocess
from dataclasses import replace

from portal.crypto import Keyring
from portal.folder.archive import DirectoryStore
from portal.folder.make import Order, write_folder
from portal.settings import config
from tests.folder.conftest import NO_TRAIL, NOW, findings, manifest, people
from tests.support import folders
from tests.support.folders import table, told

TABLES = {"rules", "factors", "without", "changes", "resets", "emergency-access", "sign-ins", "restore-drills", "audit-trail"}


def test_it_has_every_file_and_the_manifest_counts_their_rows(signed):
    names = {path.name for path in signed.iterdir()}
    documents = {"report.pdf", "risk-assessment.md", "sms-exit-plan.md", "public-key.pem", "README.txt"}
    assert names == {f"{name}.csv" for name in TABLES} | documents | {"manifest.json", "SHA256SUMS", "SHA256SUMS.sig"}
    content = manifest(signed)
    assert {each["name"] for each in content["files"]} == names - {"manifest.json", "SHA256SUMS", "SHA256SUMS.sig"}
    for each in content["files"]:
        assert each["size"] == (signed / each["name"]).stat().st_size
        if "rows" in each:
            assert each["rows"] == len(table(signed, each["name"].removesuffix(".csv")))
    assert content["period"] == {
        "from": "2026-03-02", "to": "2027-03-01", "time_zone": "America/Los_Angeles",
        "begins_at": "2026-03-02T08:00:00+00:00", "ends_before": "2027-03-02T08:00:00+00:00",
    }  # fmt: skip
    assert content["made"]["by"] == "Robin Lee (admin.lee)" and content["made"]["at"] == "2027-03-01T12:00:10+00:00"


def test_only_its_owner_may_read_it(signed):
    assert {stat.S_IMODE(path.stat().st_mode) for path in signed.iterdir()} == {0o600}


def test_every_person_is_in_the_report_and_in_the_tables(signed):
    text = folders.report(signed)
    assert [each.account for each in people(40) if each.account not in text] == []
    assert told(signed, "factors", 1) == [each.account for each in people(40)[1:]]
    for letters in ("김민준", "Олег Петров", "Nguyễn Thị Ánh", "José", "Clínica 로즈 & Söhne"):
        assert letters in text


def test_the_tables_have_what_no_typeface_has(signed):
    names = set(told(signed, "factors", 0))
    assert {"Zoë 👩‍⚕️ Lee 6", "李小龙 7"} <= names and "Zoë □ Lee 6" in folders.report(signed)


def test_a_row_that_is_higher_than_a_page_goes_on_on_the_next(keyring, tmp_path):
    """An hour of emergency access opens hundreds of charts; each of them is in the report, and so is the end of a long reason."""
    found = findings(3)
    charts, long = tuple(range(1000, 1400)), f"{'가' * (config.REASON_MAX - 4)} 끝."
    row = replace(found.emergencies[0], charts=charts, reason=long)
    found = replace(found, emergencies=[row, replace(row, charts=(7,), reason="The next row")])
    write_folder(DirectoryStore(tmp_path), found, NO_TRAIL, keyring, Order("en", "R", NOW), lambda name: None)
    text = folders.report(tmp_path)
    assert [chart for chart in charts if f"#{chart}" not in text] == [] and "끝." in text and "The next row" in text
    pages = [page for page in text.split("\f") if "#1" in page]
    assert len(pages) > 1 and all("Charts" in page for page in pages), "each page has the head of the table"


def test_what_people_wrote_is_no_formula_and_no_second_line(signed):
    assert "'=2+5+cmd|' /C calc'!A0 4" in told(signed, "factors", 0)
    [row] = table(signed, "resets")
    assert row[5] == "Lost, call •••\xa0•••\xa0••64 or •••\xa0•••\xa0••89 =HYPERLINK(1) on 2027-03-01 10:22"
    assert [cell for cell in row if cell[:1] in ("=", "+", "-", "@")] == []


def test_times_say_how_far_they_are_from_utc(signed):
    assert table(signed, "changes")[0][0] == "2027-03-01 04:00:10-08:00"


def test_what_happened_is_told_in_words(signed):
    [reset], [emergency] = table(signed, "resets"), table(signed, "emergency-access")
    assert reset[:4] == ["Two-factor reset", "김민준 1 (staff00001)", "Provider", "Ana Whitfield 0 (staff00000)"]
    assert reset[6:9] == ["Compared their photo ID with the person", "Done", "Олег Петров 2 (staff00002)"]
    assert emergency[4] == "Approved" and emergency[8:10] == ["#3 #7", "Reviewed in time"]
    assert told(signed, "without", 3) == ["May postpone setup under the practice's deadline."]
    assert told(signed, "rules", 2) == [
        "Until 2027-03-01, then 3 days or 5 sign-ins more, whichever ends first",
        "End after 15 minutes without a click, and after 12 hours at the latest.",
    ]


def test_the_report_says_why_texts_are_allowed_and_carries_the_documents(signed):
    text = folders.report(signed)
    assert "Why codes by text are still allowed" in text and "risk-assessment.md" in text
    assert "3.2.9" in (signed / "risk-assessment.md").read_text() and "3.2.9" in (signed / "sms-exit-plan.md").read_text()


def test_the_report_has_title_language_bookmarks_and_page_numbers(signed):
    info = subprocess.run(["pdfinfo", signed / "report.pdf"], capture_output=True, check=True, text=True).stdout
    assert "Title:           Two-factor authentication at Clínica 로즈 & Söhne, Mar 2, 2026 to Mar 1, 2027" in info
    raw = (signed / "report.pdf").read_bytes()
    assert b"/Lang (en)" in raw and b"/Outlines" in raw
    pages = folders.report(signed).split("\f")[:-1]
    assert all(f"Page {number} of {len(pages)}" in page for number, page in enumerate(pages, 1))


def test_the_head_of_a_table_is_on_each_of_its_pages(signed):
    pages = [page for page in folders.report(signed).split("\f") if page.count("Authenticator App") > 3]
    assert len(pages) == 2 and all("Last used" in page for page in pages)


def test_it_speaks_the_language_of_who_makes_it(keyring, tmp_path):
    order = Order("en-XA", "Robin Lee", NOW)
    write_folder(DirectoryStore(tmp_path), findings(8), NO_TRAIL, keyring, order, lambda name: None)
    bare = re.compile(r"[A-Z][a-z]{3,} [a-z]{2,}")
    for name in TABLES - {"resets", "emergency-access", "restore-drills"}:  # where somebody wrote something
        assert bare.findall((tmp_path / f"{name}.csv").read_text().replace("Authenticator App", "")) == [], name
    assert folders.signature_is_right(tmp_path)


def test_a_new_key_signs_and_the_old_one_still_can_be_checked(keyring, signed, tmp_path):
    newest, old = keyring.signing_keys()
    assert (newest.name, old.name) == ("2027a", "2026a") and newest.fingerprint != old.fingerprint
    assert newest.fingerprint.replace(" ", "") == folders.fingerprint(signed) == manifest(signed)["key"]["sha256"]
    again = Keyring((("2027a", b"\1" * 31 + b"\2"),)).signing_key()
    assert again.fingerprint == Keyring((("2028a", b"\3" * 32), ("2027a", b"\1" * 31 + b"\2"))).signing_keys()[1].fingerprint
    assert repr(newest) == "SigningKey(2027a)" and config.MIN_KEY_BYTES == 32

"""Every setting there is, a new one too: what it can't mean stops the start in one sentence that begins with its name."""

import re

import pytest
from sqlalchemy.engine import make_url

from portal.settings.addresses import SettingError
from portal.settings.environment import load_settings
from tests.house.documents import first_cells
from tests.house.test_documents import OPERATING
from tests.settings.test_start import refused

NAMES = sorted(
    {name for cell in first_cells(OPERATING) for name in re.findall(r"\bPORTAL_[A-Z_]+|\bHOST\b|\bPORT\b|WEB_CONCURRENCY", cell)}
)
KINDS = {
    "nothing": "",
    "blanks": "   ",
    "a word": "nonsense",
    "a negative number": "-1",
    "nought": "0",
    "a huge number": "9" * 5000,
    "digits of another script": "٣",
    "another scheme": "ftp://portal.example/",
    "a script": "javascript:alert(1)",
    "half a bracket": "http://[::1",
    "a port that there is not": "https://portal.example:99999",
    "quotation marks": "'\"",
    "percent signs": "%00%ff%",
    "commas": ",,",
    "other letters": "zürich",
}
NEVER = {
    "a line end": "1\n2",
    "NUL": "1\0",
    "a tab": "a\tb",
    "bytes that are not UTF-8": "x\udcff",
    "an invisible line end": "a\u2028b",
}
FREE = {
    "PORTAL_INSTANCE",
    "PORTAL_SUPPORT_CONTACT",
    "PORTAL_RETENTION_HOLDS",
}  # a path, a text, and usernames: most words are good ones


def start(folder, name, value):
    """Returns the settings, or the sentence that the start ends with."""
    try:
        return load_settings({"PORTAL_INSTANCE": str(folder / "instance"), name: value})
    except SettingError as error:
        return str(error)


def check_sentence(name, said):
    assert said.startswith(name) and "\n" not in said, said
    assert len(said) < 400 or name == "PORTAL_INSTANCE"  # which repeats the path
    assert said.endswith(".") or "python -c" in said


def test_there_are_settings_to_try():
    assert len(NAMES) > 30 and {"HOST", "PORT", "WEB_CONCURRENCY", "PORTAL_WORKER"} < set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_setting_can_t_mean_is_told_by_its_name(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    said = [start(tmp_path, name, value) for value in KINDS.values()]
    wrong = [each for each in said if isinstance(each, str)]
    for sentence in wrong:
        check_sentence(name, sentence)
    assert name in FREE or len(wrong) > len(KINDS) / 2, "it takes nearly everything"


@pytest.mark.parametrize("name", NAMES)
def test_no_setting_may_hold_a_line_end_or_bytes(tmp_path, name):
    for value in NEVER.values():
        said = start(tmp_path, name, value)
        assert isinstance(said, str), value
        check_sentence(name, said)


@pytest.mark.parametrize("name", NAMES)
def test_blanks_around_a_value_mean_nothing(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    for value in KINDS.values():
        assert start(tmp_path, name, f" {value} \r\n") == start(tmp_path, name, value)


@pytest.mark.parametrize(("name", "value"), [("HOST", "::1\n::2"), ("PORTAL_WORKER", "yes"), ("PORTAL_SUPPORT_CONTACT", "a\nb")])
def test_the_server_ends_with_that_sentence(site, name, value):
    check_sentence(name, refused(site, **{name: value}))


def test_a_contact_is_short_enough_for_a_line(tmp_path):
    assert start(tmp_path, "PORTAL_SUPPORT_CONTACT", "x" * 255).support_contact == "x" * 255
    check_sentence("PORTAL_SUPPORT_CONTACT", start(tmp_path, "PORTAL_SUPPORT_CONTACT", "x" * 256))


@pytest.mark.parametrize("name", ["50%", "a%41", "a?b", "a#b", "zürich"])
def test_an_instance_folder_may_have_signs_in_its_name(tmp_path, name):
    settings = load_settings({"PORTAL_INSTANCE": str(tmp_path / name)})
    assert make_url(settings.database_url).database == str(tmp_path / name / "portal.sqlite3")

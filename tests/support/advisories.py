"""Known weaknesses of packages from a copy of PyPA's advisory database, for machines from which no service can be reached.

The copy is a checkout of github.com/pypa/advisory-database: a file for each weakness under vulns/NAME/, in the OSV schema
(ossf.github.io/osv-schema). It knows nothing that was published later, so its date is told with every answer.
"""

import re
from datetime import date, datetime

import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

LOCKED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)
MODIFIED = re.compile(r"^modified: ['\"]?(\d{4}-\d{2}-\d{2})", re.MULTILINE)


def locked(lock):
    """Returns [(canonical name, version)] of a lock file."""
    return [(canonicalize_name(name), version) for name, version in LOCKED.findall(lock.read_text())]


def last_change(folder):
    """Returns the day on which the newest of the copy's advisories was changed, None if it has none."""
    days = [found[1] for path in folder.glob("vulns/*/*.yaml") if (found := MODIFIED.search(path.read_text()))]
    return date.fromisoformat(max(days)) if days else None


def weaknesses(folder, name, version):
    """Returns what is known about a package's version, as pip-audit tells it: [{"id", "aliases", "fix_versions"}]."""
    found = []
    for path in sorted((folder / "vulns" / name).glob("*.yaml")):
        advisory = yaml.load(path.read_text(), yaml.CSafeLoader)
        parts = [each for each in advisory.get("affected", ()) if canonicalize_name(each["package"]["name"]) == name]
        if not is_over(advisory) and any(is_affected(each, Version(version)) for each in parts):
            events = [event for part in parts for each in ranges(part) for event in each]
            fixed = {Version(str(event["fixed"])) for event in events if "fixed" in event}
            later = [str(each) for each in sorted(fixed) if each > Version(version)]
            found.append({"id": advisory["id"], "aliases": advisory.get("aliases", []), "fix_versions": later})
    return found


def is_over(advisory):
    """Returns whether an advisory was withdrawn: its text or its date says so."""
    return isinstance(advisory.get("withdrawn"), str | date | datetime)


def ranges(affected):
    """Returns the lists of events that are about versions, and not about commits."""
    return [each["events"] for each in affected.get("ranges", ()) if each["type"] == "ECOSYSTEM"]


def is_affected(affected, version):
    """Returns whether a version is among those that are named one by one, or within a range of them."""
    return any(equals(each, version) for each in affected.get("versions", ())) or any(
        is_within(events, version) for events in ranges(affected)
    )


def equals(text, version):
    """Returns whether a text is this version; a few old ones are none at all."""
    try:
        return Version(str(text)) == version
    except InvalidVersion:
        return False


def is_within(events, version):
    """Returns whether a version comes after the last event that introduced the weakness, and before the one that fixed it."""
    inside = False
    for event in sorted(events, key=lambda event: Version(str(next(iter(event.values()))))):
        kind, value = next(iter(event.items()))
        at = Version(str(value))
        if kind == "introduced" and version >= at:
            inside = True
        elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            inside = False
    return inside

"""Looks up known weaknesses of the locked packages: `make audit`.

pip-audit asks a service for each package. It calls a package that the service doesn't know "skipped" and still ends well, so that a
service that is away looks like a clean answer. Here what was not looked up is never called clean. Where the service can't be reached, a
copy of PyPA's advisory database takes its place (`make audit ADVISORIES=folder`).
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.house.source import ROOT
from tests.support import advisories

PROGRAM = ROOT / ".venv" / "audit" / "bin" / "pip-audit"
QUESTION = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json")
CLEAN, WEAK, UNKNOWN = 0, 1, 2
WEEK = timedelta(days=7)  # how often docs/dependencies.md has it run
OLD = "The copy ends with {changed}: what was published since is not known."
NOBODY = "The service that knows weaknesses could not be reached, so nothing is known about {names}. Run this where it can be."


def read(answer):
    """Takes what pip-audit printed; returns (number of packages looked up, lines about weak ones, names that were not looked up)."""
    try:
        packages = json.loads(answer)["dependencies"]
    except ValueError:
        return 0, [], ["any package"]
    weak = [describe(package, each) for package in packages for each in package.get("vulns", [])]
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    return len(packages) - len(skipped), weak, skipped


def describe(package, weakness):
    """Returns one line about a weakness: the package, its names, and the versions that are well."""
    names = ", ".join([weakness["id"], *weakness.get("aliases", [])])
    fixed = ", ".join(weakness.get("fix_versions", [])) or "no version"
    return f"{package['name']} {package['version']}: {names}. Fixed in {fixed}."


def look_up(lock):
    """Prints what is known about the packages of a lock file; returns the exit code."""
    done = subprocess.run([PROGRAM, "-r", lock, *QUESTION], capture_output=True, text=True, check=False)
    known, weak, skipped = read(done.stdout)
    print(f"{lock.name}: {known} packages looked up, {len(weak)} known weaknesses.")
    for line in weak:
        print("  " + line)
    if skipped:
        print("  " + NOBODY.format(names=skipped[0] if len(skipped) == 1 else f"{len(skipped)} packages"))
    return WEAK if weak else UNKNOWN if skipped or not known else CLEAN


def look_into(folder, lock):
    """The same with a copy of the advisory database. One that nobody has changed for a week proves nothing about this week."""
    changed, packages = advisories.last_change(folder), advisories.locked(lock)
    if changed is None:
        print(f"There are no advisories in {folder}.")
        return UNKNOWN
    weak = [
        describe({"name": name, "version": version}, each)
        for name, version in packages
        for each in advisories.weaknesses(folder, name, version)
    ]
    print(f"{lock.name}: {len(packages)} packages compared with advisories up to {changed}, {len(weak)} known weaknesses.")
    for line in weak:
        print("  " + line)
    is_old = datetime.now(UTC).date() - changed > WEEK
    if is_old:
        print("  " + OLD.format(changed=changed))
    return WEAK if weak else UNKNOWN if is_old or not packages else CLEAN


def main(locks, folder=None):
    """Looks up every lock file; returns the gravest of their exit codes: weaknesses before what is not known."""
    codes = {look_into(Path(folder), Path(lock)) if folder else look_up(Path(lock)) for lock in locks}
    return next((code for code in (WEAK, UNKNOWN) if code in codes), CLEAN)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or sorted(ROOT.glob("requirements*.lock")), os.environ.get("ADVISORIES")))

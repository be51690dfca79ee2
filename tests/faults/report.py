"""Writes docs/faults.md: the table of a whole run, with nothing typed in by hand."""

import platform
import subprocess
from statistics import median

from tests.cluster.daemon import ROOT
from tests.faults.kinds import KINDS

FILE = ROOT / "docs" / "faults.md"
COUNTED = ("lost", "doubled", "replayed", "locked out")
PACKAGES = ("postgresql-15", "patroni", "etcd-server", "pgbouncer", "haproxy", "redis-server", "nginx")
HEAD = """# Faults under load

`make faults` wrote this file; `make faults FAULTS_SEED={seed}` repeats the run. It starts what `make cluster` starts (nginx, two
application servers, two workers, PgBouncer, HAProxy, two PostgreSQL servers under Patroni with etcd, Redis with a replica and three
Sentinels), and breaks it in {rounds} rounds. In each, {people} people come within six seconds: they sign in with an app, a backup
code, or a texted code, or turn two-factor authentication on, over real HTTP, and try again if they are told to wait or told nothing.
Each keeps a ledger of what they were told. In the middle of it something breaks. Afterward everything that counts as spent is sent
once more, everybody signs in once more, and the ledgers are compared with the database, the audit trail, the gateway's texts, and the
mail server's emails.

- **lost**: somebody was told what is not so. **doubled**: something happened more often than anybody asked for it, or a text went out
  twice. **replayed**: a spent code opened an account. **locked out**: somebody could not sign in afterward.
- **away**: the longest that somebody who came at the worst moment, and signed in again and again, had to wait until it worked, in seconds;
  measured by one who does so four times a second, all through the round. Without a fault it is what a sign-in takes.
"""
TAIL = """
| in all | |
| --- | --- |
{totals}

Answers that never came, because a process died with them, were followed up by asking again: what they had done was there whole or not
at all. Emails that came twice under one Message-ID are repeats of a delivery whose worker died before it could write down that it was
accepted ([decision 11](decisions/0011-transactional-outbox.md)); a text is never repeated ([decision
12](decisions/0012-a-text-is-never-repeated.md)). Why nothing is lost, and what remains: [decision
48](decisions/0048-what-survives-a-machine.md).

**Backup and restore.** After the rounds, the database was dumped while people signed in, restored on a server that is none of the
cluster's by the command in [operating.md](operating.md#backup-and-restore), and served by a portal of its own, with the same keys. The
dump took {dumped:.1f} seconds, the restore {restored:.1f}. Of all {accounts:,} accounts in the database, {in_there:,} signed in there: by
app, by backup code, by texted code, or, where two-factor authentication is off, with the password alone.

Run on {machine}, with {packages}; it took {minutes:.0f} minutes.
"""


def write_report(done, messages, restored, seed, here, seconds):
    """Writes the report of a run."""
    rows = [row_of(kind, rounds) for kind in KINDS if (rounds := [each for each in done if each.kind is kind])]
    columns = ["fault", "rounds", "away: median, longest", *COUNTED]
    table = f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}\n"
    totals = "\n".join(f"| {name} | {count:,} |" for name, count in total(done, messages, here).items())
    tail = TAIL.format(
        totals=totals,
        **vars(restored),
        in_there=restored.tried - len(restored.out),
        machine=machine(),
        packages=packages(),
        minutes=seconds / 60,
    )
    FILE.write_text(
        HEAD.format(seed=seed, rounds=len(done), people=done[0].people) + "\n" + table + "\n".join(rows) + "\n" + tail
    )


def row_of(kind, rounds):
    """Returns a kind of fault as a row."""
    away = [each.away for each in rounds]
    counts = [sum(len(each.found.by_name()[name]) for each in rounds) for name in COUNTED]
    cells = [f"{kind.name}: {kind.words}", str(len(rounds)), f"{median(away):.1f}, {max(away):.1f} s", *map(str, counts)]
    return f"| {' | '.join(cells)} |"


def total(done, messages, here):
    """Returns what a whole run counted."""
    told = sum((each.told for each in done), start=type(done[0].told)())
    compared = sum((each.found.compared for each in done), start=type(done[0].found.compared)())
    return {
        "people": sum(each.people for each in done),
        "answers in ledgers": sum(told.values()),
        "right codes told": sum(told[f"{way} yes"] for way in ("app", "sms", "backup")),
        "set-ups told": told["on yes"],
        "told to wait": sum(count for name, count in told.items() if name.endswith(" busy")),
        "no answer": sum(count for name, count in told.items() if name.endswith(" lost")),
        "spent codes sent again": compared["replays"],
        "sign-ins afterward": compared["sign-ins afterward"],
        "texts": len(here.gateway.taken),
        "emails": len(here.mail.box),
        "messages lost or doubled": len(messages.bad()),
        "emails that came twice under one Message-ID": here.repeated,
    }


def machine():
    """Returns the machine in a few words."""
    memory = int(next(line for line in open("/proc/meminfo") if line.startswith("MemTotal")).split()[1]) / 1e6  # noqa: PTH123, SIM115
    cores = sum(1 for line in open("/proc/cpuinfo") if line.startswith("processor"))  # noqa: PTH123, SIM115
    return f"{cores} cores and {memory:.0f} GB of memory, Python {platform.python_version()}"


def packages():
    """Returns the versions of Debian's packages."""
    shown = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES], capture_output=True, text=True, check=True
    )
    return ", ".join(sorted(shown.stdout.split("\n"))[1:])

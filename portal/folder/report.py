"""The report: the folder's tables to read and to print, after a page that says what they come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.flows.auditor import emergencies, factors
from portal.flows.auditor.collect import Findings
from portal.folder.sheet import ACCENT, QUIET, Sheet
from portal.folder.tables import Cell, Table
from portal.folder.typefaces import HEAD, TEXT
from portal.folder.words import Words
from portal.words.refusals import N_

BRAND = "DigitalPatientChart"
# Why texts are still allowed: what docs/risk-assessment.md says at length, which lies beside the report.
WHY_TEXTS = (
    N_("People at practices can't choose codes by text, and a text opens no chart: for them, nothing here is allowed."),
    N_("A text with a code opens one patient's own record, and only together with the password."),
    N_(
        "Patients may still choose texts, because someone without a smartphone, or who shares one, would otherwise have only the "
        "password. A text stops everybody who has nothing more than the password, which is most attempts."
    ),
    N_("The authenticator app is recommended, comes first, and is explained as the stronger way before a number is asked for."),
    N_(
        "The risks, what is done about each, and what remains are in risk-assessment.md. The exit plan beside it says how texts will end."
    ),
)


@dataclass(frozen=True)
class Making:
    """What the first page says about the folder itself."""

    made_at: datetime
    made_by: str
    version: str
    fingerprint: str
    trail: tuple[str, ...]  # what the verification of the audit trail says, in sentences
    trail_in_short: str


def draw_report(words: Words, found: Findings, tables: Sequence[Table], making: Making) -> bytes:
    """The report as a PDF."""
    scope = found.scope
    period = words.say(N_("%(first)s to %(last)s"), first=words.day(scope.period.first), last=words.day(scope.period.last))
    title = words.say(N_("Two-factor authentication at %(practice)s"), practice=scope.practice)
    sheet = Sheet(
        f"{title}, {period}", words.language, making.made_at, f"{scope.practice} · {period}",
        words.say(N_("Page %(number)s of %(all)s"), number="%(number)s", all="%(all)s"),
    )  # fmt: skip
    draw_first_page(sheet, words, found, making, title, period)
    for table in tables:
        draw_table(sheet, words, table)
    sheet.heading(words.say(N_("Audit trail")))
    for sentence in making.trail:
        sheet.paragraph(sentence)
    sheet.heading(words.say(N_("Why codes by text are still allowed")), needs=70)
    if not found.sends_texts:
        sheet.paragraph(words.say(N_("They aren't: the operator has turned text messages off for everyone.")))
    for sentence in WHY_TEXTS:
        sheet.paragraph(words.say(sentence))
    return bytes(sheet.output())


def draw_first_page(sheet: Sheet, words: Words, found: Findings, making: Making, title: str, period: str) -> None:
    sheet.start_page()
    sheet.wordmark(BRAND, words.say(N_("Report for an auditor")))
    sheet.start_section(title)
    sheet.paragraph(title, HEAD, 24, width=sheet.room, gap=0.5)
    sheet.paragraph(period, TEXT, 14, QUIET, gap=6)
    sheet.figures(key_figures(words, found, making))
    sheet.top += 2
    sheet.paragraph(
        words.say(
            N_("Made on %(at)s by %(who)s, with version %(version)s of the portal. Times are by the clock of %(zone)s."),
            at=words.exact(making.made_at), who=making.made_by, version=making.version, zone=words.zone.key,
        ),
    )  # fmt: skip
    sheet.paragraph(
        words.say(N_("This report and the files beside it are signed. README.txt says how to check them without the portal."))
    )
    sheet.paragraph(
        words.say(
            N_(
                "Signed with the key that has this fingerprint. Compare it with the one that you are told, not with this page alone:"
            )
        ),
        gap=1,
    )
    sheet.paragraph(making.fingerprint, HEAD, 10, ACCENT, width=sheet.room)


def key_figures(words: Words, found: Findings, making: Making) -> list[tuple[str, str]]:
    """The numbers that an auditor asks for first."""
    missing = [each for each in found.holdings.missing if each.why != factors.CLOSED]
    open_accounts = found.holdings.staff - sum(each.why == factors.CLOSED for each in found.holdings.missing)
    late = sum(each.review in (emergencies.OVERDUE, emergencies.LATE) for each in found.emergencies)
    failed, locked = (sum(each.counts[at] for each in found.months for at in which) for which in ((1, 2, 3), (5, 6, 7)))
    last = found.drills[0].at if found.drills else None
    return [
        (str(open_accounts), words.say(N_("people who can sign in"))),
        (str(open_accounts - len(missing)), words.say(N_("of them have a factor that opens charts"))),
        (str(len(missing)), words.say(N_("of them have none"))),
        (str(len(found.resets)), words.say(N_("resets and account recoveries"))),
        (
            str(len(found.emergencies)),
            words.say(N_("requests for emergency access; late or overdue reviews: %(number)s"), number=late),
        ),
        (f"{failed} / {locked}", words.say(N_("failed sign-ins / pauses and blocks"))),
        (making.trail_in_short, words.say(N_("is the audit trail"))),
        (f"{words.local(last):%Y-%m-%d}" if last else words.say(N_("None")), words.say(N_("was the last restore drill"))),
    ]


def draw_table(sheet: Sheet, words: Words, table: Table) -> None:
    sheet.heading(table.title)
    sheet.paragraph(table.about, TEXT, 9.5, QUIET, gap=2)
    if not table.rows:
        sheet.paragraph(table.empty)
        return
    heads, weights = [column.head for column in table.columns], [column.weight for column in table.columns]
    numbers = [any(isinstance(row[at], int) for row in table.rows) for at in range(len(heads))]
    sheet.draw_rows(heads, weights, ([in_report(words, cell) for cell in row] for row in table.rows), numbers)


def in_report(words: Words, cell: Cell) -> str:
    """A cell as the report prints it: times to the minute."""
    if isinstance(cell, datetime):
        return f"{words.local(cell):%Y-%m-%d %H:%M}"
    return "" if cell is None else str(cell)

"""The tables of the folder: their columns in words, and their rows from what was found. A table is a CSV file and a part of the report."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from portal.flows.auditor.collect import Findings
from portal.flows.auditor.scope import Person
from portal.folder import rules
from portal.folder import words as w
from portal.folder.words import Words
from portal.words.refusals import N_

Cell = str | int | datetime | None


@dataclass(frozen=True)
class Column:
    """A column: its head, and how wide it is beside the others in the report."""

    head: str
    weight: float


@dataclass(frozen=True)
class Table:
    """One table. `name`: of its file; `about` says what it shows; `empty` stands in the report if it has no row."""

    name: str
    title: str
    about: str
    empty: str
    columns: tuple[Column, ...]
    rows: list[tuple[Cell, ...]]


def columns(words: Words, *pairs: tuple[str, float]) -> tuple[Column, ...]:
    return tuple(Column(words.say(head), weight) for head, weight in pairs)


NAME, ACCOUNT, ROLE = (N_("Name"), 19), (N_("Account"), 13), (N_("Role"), 14)
MOMENT = 12.5


def who(words: Words, person: Person) -> tuple[str, str, str]:
    return person.name, person.account, words.of(w.ROLES, person.role)


def rules_table(words: Words, found: Findings) -> Table:
    rows: Iterable[tuple[Cell, ...]] = (
        (
            words.say(N_("This practice")) if each.is_own else words.say(N_("Whole portal")),
            words.of(rules.NAMES, each.name),
            rules.value_words(words, each),
            each.since,
            words.say(N_("Or earlier: records begin here"))
            if each.was_first
            else ""
            if each.since
            else words.say(N_("Not recorded yet")),
            each.until,
            words.person(each.by) or (words.say(N_("The operator")) if each.since and not each.was_first else ""),
        )
        for each in found.rules
    )
    return Table(
        "rules",
        words.say(N_("Rules in force")),
        words.say(N_("What was in force in this period, and what came after it. A row without an end is in force now.")),
        "",
        columns(
            words, (N_("Of"), 9), (N_("Rule"), 16), (N_("Value"), 34), (N_("Since"), MOMENT), (N_("About the start"), 13),
            (N_("Until"), MOMENT), (N_("Changed by"), 15),
        ),
        list(rows),
    )  # fmt: skip


def factors_table(words: Words, found: Findings) -> Table:
    rows: Iterable[tuple[Cell, ...]] = (
        (
            *who(words, each.person), words.factor(each.method), each.since, each.last_used_at, words.of(w.FACTOR_STATES, each.state),
            each.left,
        )
        for each in found.holdings.factors
    )  # fmt: skip
    return Table(
        "factors",
        words.say(N_("Who has which factor")),
        words.say(N_("Everything that proves who somebody is, besides the password, as it is when this folder is made.")),
        words.say(N_("Nobody has one.")),
        columns(
            words, NAME, ACCOUNT, ROLE, (N_("Factor"), 14), (N_("Since"), MOMENT), (N_("Last used"), MOMENT), (N_("State"), 17),
            (N_("Codes left"), 6),
        ),
        list(rows),
    )  # fmt: skip


def missing_table(words: Words, found: Findings) -> Table:
    rows: Iterable[tuple[Cell, ...]] = (
        (
            *who(words, each.person),
            words.of(w.REASONS, each.why),
            each.since,
            each.until,
            each.sign_ins_left,
            each.last_sign_in_at,
        )
        for each in found.holdings.missing
    )
    return Table(
        "without",
        words.say(N_("Who has none, why, and until when")),
        words.say(N_("A row without an end lasts until the person sets up two-factor authentication.")),
        words.say(N_("Everyone has one.")),
        columns(
            words, NAME, ACCOUNT, ROLE, (N_("Why"), 30), (N_("Since"), MOMENT), (N_("Until"), MOMENT), (N_("Sign-ins left"), 7),
            (N_("Last sign-in"), MOMENT),
        ),
        list(rows),
    )  # fmt: skip


def changes_table(words: Words, found: Findings) -> Table:
    rows: Iterable[tuple[Cell, ...]] = (
        (
            each.at, *who(words, each.person), words.of(w.EVENTS, each.event), words.factor(each.factor),
            words.person(each.by) or words.say(w.NOBODY),
        )
        for each in found.changes
    )  # fmt: skip
    return Table(
        "changes",
        words.say(N_("Changes of factors")),
        words.say(
            N_("What was added, replaced, removed, blocked, or reset in this period. Factors that are gone stand only here.")
        ),
        words.say(N_("Nothing changed.")),
        columns(words, (N_("When"), MOMENT), NAME, ACCOUNT, ROLE, (N_("What happened"), 20), (N_("Factor"), 14), (N_("By"), 22)),
        list(rows),
    )


def resets_table(words: Words, found: Findings) -> Table:
    rows: Iterable[tuple[Cell, ...]] = (
        (
            words.of(w.KINDS, each.kind),
            words.person(each.person),
            words.of(w.ROLES, each.person.role),
            words.person(each.asked_by) or words.say(N_("Whoever reads the account's email")),
            each.asked_at,
            words.written(each.reason),
            "; ".join(words.of(w.GROUNDS, name) for name in each.grounds),
            words.of(w.OUTCOMES, each.outcome),
            "; ".join(words.person(person) for person in each.approved_by),
            each.decided_at,
        )
        for each in found.resets
    )
    return Table(
        "resets",
        words.say(N_("Resets and account recoveries")),
        words.say(N_("Who asked, why, how it was checked who they are, and who approved it.")),
        words.say(N_("There were none.")),
        columns(
            words, (N_("What"), 11), (N_("Whose"), 18), ROLE, (N_("Asked by"), 18), (N_("Asked"), MOMENT), (N_("Reason"), 22),
            (N_("How it was checked"), 20), (N_("Outcome"), 13), (N_("Decided by"), 18), (N_("Decided"), MOMENT),
        ),
        list(rows),
    )  # fmt: skip


def emergencies_table(words: Words, found: Findings) -> Table:
    rows: Iterable[tuple[Cell, ...]] = (
        (
            words.person(each.person),
            words.of(w.ROLES, each.person.role),
            each.asked_at,
            words.written(each.reason),
            words.of(w.OUTCOMES, each.outcome),
            words.person(each.decided_by),
            each.decided_at,
            each.ended_at,
            " ".join(f"#{chart}" for chart in each.charts),
            words.of(w.REVIEWS, each.review),
            words.person(each.reviewed_by),
            each.reviewed_at,
        )
        for each in found.emergencies
    )
    return Table(
        "emergency-access",
        words.say(N_("Emergency access")),
        words.say(N_("Reading charts for an hour without a code, and the review of it. Charts are named by number, without patients.")),
        words.say(N_("There was none.")),
        columns(
            words, (N_("Whose"), 18), ROLE, (N_("Asked"), MOMENT), (N_("Reason"), 19), (N_("Outcome"), 12), (N_("Decided by"), 17),
            (N_("Decided"), MOMENT), (N_("Ended"), MOMENT), (N_("Charts opened"), 10), (N_("Review"), 13), (N_("Reviewed by"), 17),
            (N_("Reviewed"), MOMENT),
        ),
        list(rows),
    )  # fmt: skip


def months_table(words: Words, found: Findings) -> Table:
    return Table(
        "sign-ins",
        words.say(N_("Sign-ins by month")),
        words.say(N_("Of this practice's people: what opened an account, what failed, and what was locked for it.")),
        "",
        columns(
            words, (N_("Month"), 8), (N_("Signed in"), 8), (N_("Wrong passwords"), 8), (N_("Wrong codes"), 8),
            (N_("Wrong backup codes"), 8), (N_("Codes during a pause"), 8), (N_("Pauses of passwords"), 8), (N_("Pauses of codes"), 8),
            (N_("Methods blocked"), 8),
        ),
        [(words.month(each.month), *each.counts) for each in found.months],
    )  # fmt: skip


def drills_table(words: Words, found: Findings) -> Table:
    results = {"ok": N_("Succeeded"), "failed": N_("Failed")}
    rows = [
        (each.at, each.done_by, words.of(results, each.result), words.written(each.note), each.recorded_at)
        for each in found.drills
    ]
    return Table(
        "restore-drills",
        words.say(N_("Restore drills")),
        words.say(N_("Backups that the operator restored on another machine: those of this period, or the last one before it.")),
        words.say(N_("The operator has recorded none.")),
        columns(
            words, (N_("When"), MOMENT), (N_("By"), 18), (N_("Result"), 10), (N_("What was found"), 40), (N_("Recorded"), MOMENT)
        ),
        list(rows),
    )


def texts_table(words: Words, found: Findings) -> Table | None:
    """The figures about texts, in an operator's folder only."""
    figures = found.texts
    if figures is None:
        return None
    rows: list[tuple[Cell, ...]] = [
        (words.say(N_("Patients with two-factor authentication on")), figures.patients),
        (words.say(N_("Of them, with nothing but texts")), figures.only_texts),
        (words.say(N_("Texts in this period")), figures.queued),
        (words.say(N_("Of them, failed")), figures.failed),
        (words.say(N_("Of them, held back because the number had changed")), figures.held_back),
    ]
    return Table(
        "text-messages",
        words.say(N_("Figures about text messages")),
        words.say(N_("Of the whole portal. The exit plan says from which of them on texts have to end.")),
        "",
        columns(words, (N_("What"), 40), (N_("Number"), 12)),
        rows,
    )


def all_tables(words: Words, found: Findings) -> list[Table]:
    """Every table, in the order of the report."""
    made = (
        rules_table, factors_table, missing_table, changes_table, resets_table, emergencies_table, months_table, drills_table, texts_table,
    )  # fmt: skip
    return [table for table in (make(words, found) for make in made) if table is not None]

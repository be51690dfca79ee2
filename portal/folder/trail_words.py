"""What the folder says of the audit trail's verification."""

from collections.abc import Iterator
from typing import Any

from portal.flows.auditor.trail import Trail
from portal.folder.tables import Column, Table
from portal.folder.words import Words
from portal.words.refusals import N_

UNCHANGED, CHANGED, UNSEALED = N_("Unchanged"), N_("Changed"), N_("Not sealed yet")
WHAT_IT_IS = N_(
    "Every event is sealed into a chain: to change, remove, add, or move one, all seals that follow would have to be made anew, with keys "
    "that the database doesn't have."
)
ALL_NOW = N_("When this folder was made, all %(last)s seals were verified, with their %(events)s events.")
NEWEST_NOW = N_("When this folder was made, the newest seals were verified, %(first)s to %(last)s, with their %(events)s events.")
WHOLE = N_("The operator verified the whole trail on %(at)s: %(seals)s seals with %(events)s events. Faults: %(faults)s.")
NO_WHOLE = N_("No verification of the whole trail is on record. The operator's command for it is: audit verify")
GAP = N_("Seals %(first)s to %(last)s were read by neither.")
NOTHING_FOUND = N_("Nothing was changed, removed, added, or moved.")
FOUND = N_("Faults: %(number)s. The trail was changed. The first ones:")
FAULT = N_("Seal %(seal)s, event %(event)s: %(kind)s")
NOT_SEALED = N_("Events that are not sealed yet, because they are a few minutes old: %(number)s.")
HEAD = N_("The head of the chain is seal %(last)s, of %(at)s. The operator's anchors of later days have to contain it:")


def in_short(words: Words, trail: Trail) -> str:
    """One word for the first page."""
    if trail.found or (trail.whole and trail.whole.faults):
        return words.say(CHANGED)
    return words.say(UNCHANGED if trail.head else UNSEALED)


def sentences(words: Words, trail: Trail) -> Iterator[str]:
    """What was verified, by whom, and what was found."""
    if not trail.head and not trail.found:
        yield words.say(N_("No event has been sealed yet, so there is nothing to verify. A worker seals them."))
        return
    yield words.say(WHAT_IT_IS)
    if trail.head:
        yield words.say(ALL_NOW if trail.is_whole else NEWEST_NOW, first=trail.first, last=trail.last, events=trail.events)
    if trail.found:
        yield words.say(FOUND, number=trail.found)
        for each in trail.faults:
            yield words.say(FAULT, seal=each.seal, event=each.event, kind=each.kind.replace("_", " "))
    else:
        yield words.say(NOTHING_FOUND)
    if trail.whole:
        whole = trail.whole
        yield words.say(WHOLE, at=words.exact(whole.at), seals=whole.seals, events=whole.events, faults=whole.faults)
    elif not trail.is_whole:
        yield words.say(NO_WHOLE)
    if trail.gap:
        yield words.say(GAP, first=trail.gap[0], last=trail.gap[1])
    if trail.unsealed is not None:
        yield words.say(NOT_SEALED, number=trail.unsealed)
    if trail.head:
        yield words.say(HEAD, last=trail.last, at=words.exact(trail.sealed_at))
        yield trail.head


def trail_table(words: Words, trail: Trail) -> Table:
    """The same as a file."""
    title = words.say(N_("Audit trail"))
    return Table("audit-trail", title, "", "", (Column(title, 1),), [(sentence,) for sentence in sentences(words, trail)])


def for_programs(trail: Trail) -> dict[str, Any]:
    """The same for the manifest."""
    whole = trail.whole
    return {
        "head": {"seal": trail.last, "hash": trail.head} if trail.head else None,
        "verified_now": {"first": trail.first, "last": trail.last, "events": trail.events, "faults": trail.found},
        "verified_whole": {"at": whole.at.isoformat(), "seals": whole.seals, "faults": whole.faults} if whole else None,
    }

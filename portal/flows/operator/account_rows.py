"""One line of a file of accounts, checked as the portal's forms check what people type."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from portal import phones
from portal.csv_records import FileRefused, Problem, Record
from portal.flows.base.passwords import normalize_username
from portal.flows.operator.accounts import NO_PRACTICE
from portal.forms.accounts import check_value
from portal.models import ROLES
from portal.policy import PROVIDER
from portal.words.refusals import Refused, Unclear, in_english

# Column -> the form that checks it. The others, `role` and `phone`, are checked here.
FORMS = {"username": "username", "name": "full_name", "email": "email", "practice": "practice"}
NEEDED, OPTIONAL = ("username", "name", "email"), ("role", "practice", "phone")
COLUMNS = (*NEEDED, *OPTIONAL)
SAY_COLUMNS = f"The first line has to name the columns: {', '.join(NEEDED)}, and, if you have them, {', '.join(OPTIONAL)}."
SAY_COUNTRY = "Begin the number with + and its country code."
SAY_ROLES = f"Write one of {', '.join(ROLES)}, or leave it empty for {ROLES[0]}."


@dataclass(frozen=True)
class AccountRow:
    """The facts of one account, as they will be stored; None if the file says nothing. `username` is normalized; `phone` is E.164."""

    line: int
    username: str
    full_name: str
    email: str
    role: str | None
    practice: str | None
    phone: str | None


def check_columns(names: Sequence[str]) -> None:
    """Raises FileRefused for a column that is missing, unknown, or there twice."""
    for name in names:
        if name not in COLUMNS:
            raise FileRefused(f"It has a column “{name[:40]}”, which accounts don't have. {SAY_COLUMNS}")
        if names.count(name) > 1:
            raise FileRefused(f"It has the column {name} twice. {SAY_COLUMNS}")
    for name in NEEDED:
        if name not in names:
            raise FileRefused(f"It has no column {name}. {SAY_COLUMNS}")


def check_record(record: Record, names: Sequence[str], countries: Collection[str]) -> AccountRow | list[Problem]:
    """The account of a record, or everything that is wrong with it. `countries`: where texts may go, the operator's own first."""
    typed = {name: cell for name, cell in zip(names, record.cells, strict=True) if cell or name in NEEDED}
    read = {name: read_cell(name, text, countries) for name, text in typed.items()}
    problems = [Problem(record.line, name, wrong, typed[name]) for name, (_, wrong) in read.items() if wrong]
    values = {name: value for name, (value, _) in read.items()}
    if not problems and "practice" not in values and values.get("role") in PROVIDER.roles:
        problems.append(Problem(record.line, "practice", in_english(Refused(NO_PRACTICE))))
    return problems or make_row(record.line, values)


def make_row(line: int, values: Mapping[str, str]) -> AccountRow:
    return AccountRow(
        line,
        normalize_username(values["username"]),
        values["name"],
        values["email"],
        values.get("role"),
        values.get("practice"),
        values.get("phone"),
    )


def read_cell(column: str, text: str, countries: Collection[str]) -> tuple[str, str]:
    """(one cell as it will be stored, what is wrong with it and what to do); one of them is ""."""
    try:
        if column in FORMS:
            return check_value(FORMS[column], text), ""
        if column == "phone":
            return phones.parse(text, next(iter(countries)), countries), ""
    except Unclear:
        return "", SAY_COUNTRY
    except Refused as refused:
        return "", in_english(refused)
    role = text.lower()
    return (role, "") if role in ROLES else ("", SAY_ROLES)

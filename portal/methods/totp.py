"""Authenticator app: time-based one-time passwords (RFC 6238), set up by QR code."""

import hmac
import re
import secrets
from base64 import b32encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any
from urllib.parse import quote, urlencode

import pyotp
import segno
from markupsafe import Markup
from sqlalchemy import BigInteger, String, bindparam, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from portal.answers import Answer
from portal.db import change, db, read, write
from portal.forms.codes import CodeForm
from portal.methods import CodeRejected, Method, Practice, Proved, Secret
from portal.models import Authenticator, SpentStep
from portal.settings import config
from portal.words.refusals import N_

APPS = ("Google Authenticator", "Microsoft Authenticator", "Authy")
QR_ERROR = "l"  # the lowest error correction: fewer, larger modules scan more easily from a screen, and the page is lighter
QR_MASK = 4  # every mask is readable; a fixed one saves segno from trying all eight
RUNS = re.compile(rb"\x01+|\x00+")
QUIET_ZONE = 4  # white modules around the code: ISO/IEC 18004

INITIAL_STATE = {"algorithm": config.TOTP_ALGORITHM, "digits": config.TOTP_DIGITS, "period": config.TOTP_PERIOD, "last_step": 0}
# It and all earlier steps are spent, against replay (RFC 6238 5.2).
LAST_STEP = Authenticator.remembered["last_step"].as_integer()
OWN, STEP, LAST = bindparam("own", type_=String), bindparam("spent", type_=BigInteger), bindparam("last", type_=BigInteger)
# Whether the step was spent because a hint revealed it.
IS_SPENT = exists().where(SpentStep.authenticator_id == OWN, SpentStep.step == STEP)
FIND_SPENT = select(IS_SPENT)
HINTED = select(SpentStep.step).where(SpentStep.authenticator_id == OWN)
SPEND_ONE = insert(SpentStep).from_select(["authenticator_id", "step"], select(OWN, STEP).where(~IS_SPENT))
# The code of a step after the last, or of an earlier one while the clock has been set back. The columns to set are parameters.
SPEND = update(Authenticator).where(Authenticator.id == OWN, LAST_STEP < LAST, ~IS_SPENT)
SPEND_AGAIN = update(Authenticator).where(Authenticator.id == OWN, LAST_STEP == LAST, ~IS_SPENT)


def new_secret() -> str:
    """Generate 160 random bits as 32 base32 characters (RFC 4226 R6)."""
    return write_secret(secrets.token_bytes(config.TOTP_SECRET_BYTES))


def write_secret(random: bytes) -> str:
    """The first 160 bits in base32."""
    return b32encode(random[: config.TOTP_SECRET_BYTES]).decode()


def step_at(now: datetime) -> int:
    """The number of the 30-second time step that contains `now`."""
    return int(now.timestamp()) // config.TOTP_PERIOD


def seconds_left(now: datetime) -> int:
    """Seconds until the code changes, 1 to 30."""
    return config.TOTP_PERIOD - int(now.timestamp()) % config.TOTP_PERIOD


class Codes(pyotp.TOTP):
    """The codes of one key, which is decoded once: pyotp decodes it again for each code."""

    def __init__(self, secret: str) -> None:
        super().__init__(secret, digits=config.TOTP_DIGITS, interval=config.TOTP_PERIOD)

    @cached_property
    def key(self) -> bytes:
        return super().byte_secret()

    def byte_secret(self) -> bytes:
        return self.key


def code_at(secret: str, step: int) -> str:
    """The six digits of a time step."""
    return Codes(secret).generate_otp(step)


def find_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step nearest to now, within ten minutes, that has this code. Its distance is not secret: the response reveals it."""
    codes, current = Codes(secret), step_at(now)
    nearest_first = sorted(range(-config.TOTP_HINT_STEPS, config.TOTP_HINT_STEPS + 1), key=abs)
    steps = (current + distance for distance in nearest_first)
    return next((step for step in steps if hmac.compare_digest(codes.generate_otp(step), code)), None)


def verify(secret: str, code: str, now: datetime) -> int:
    """The time step of the code, at most one from now (RFC 6238 5.2).

    Raises CodeRejected: "wrong", or "clock_slow" / "clock_fast" with `minutes` and `step` if the phone's clock explains it.
    """
    step = find_step(secret, code, now)
    if step is None:
        raise CodeRejected("wrong")
    drift = step - step_at(now)
    if abs(drift) <= config.TOTP_WINDOW:
        return step
    minutes = max(1, (abs(drift) * config.TOTP_PERIOD + 30) // 60)
    raise CodeRejected("clock_slow" if drift < 0 else "clock_fast", minutes=minutes, step=step)


def verify_or_hint(secret: Secret, code: str, now: datetime) -> int:
    """Like `verify`, but spends the step that a clock hint reveals, so that the hint is useless to an attacker (product rule 8)."""
    try:
        return verify(secret.text, code, now)
    except CodeRejected as rejected:
        if "step" in rejected.facts:
            spend_step(secret.authenticator_id, int(rejected.facts["step"]))
        raise


def may_accept_again(remembered: Mapping[str, Any], step: int, now: datetime) -> bool:
    """Whether a right code is accepted though the last one was of a later step: that step is still to come, so the clock was ahead.

    Now that it has been set back, right codes must not wait until that step. Those that were accepted must not open again when
    their time comes: the last ones are remembered step by step, and nothing older than these is accepted.
    """
    return not was_accepted(remembered, step) and bool(remembered["last_step"] > step_at(now) + config.TOTP_WINDOW)


def was_accepted(remembered: Mapping[str, Any], step: int) -> bool:
    """Whether a code of that step was accepted, or may have been: it is older than the steps that are remembered one by one."""
    return step <= remembered.get("oldest_step", 0) or step in remembered.get("spent_steps", ())


def remember_step(remembered: Mapping[str, Any], step: int) -> dict[str, Any]:
    """What an authenticator remembers once a code of that step is accepted."""
    spent = sorted({*remembered.get("spent_steps", ()), remembered["last_step"], step})
    dropped, kept = spent[: -config.TOTP_STEPS_KEPT], spent[-config.TOTP_STEPS_KEPT :]
    oldest = max([remembered.get("oldest_step", 0), *dropped])
    return {**remembered, "last_step": step, "spent_steps": kept, "oldest_step": oldest}


def spend_step(authenticator_id: str, step: int) -> None:
    """Spend one step but none before it, so that the code works as soon as the clock is corrected."""
    try:
        with db.session.begin_nested():
            write(SPEND_ONE, {"own": authenticator_id, "spent": step})
    except IntegrityError:  # a concurrent request spent it already
        pass


def live_codes(authenticator_id: str, secret: str, remembered: Mapping[str, Any], now: datetime) -> dict[str, Callable[[], None]]:
    """The codes that are accepted now, each with what spends its step: none that was used, and none that a hint has spent."""
    current = step_at(now)
    hinted = set(read(HINTED, {"own": authenticator_id}).scalars())
    steps = {*range(current - config.TOTP_WINDOW, current + config.TOTP_WINDOW + 1)} - hinted
    return {
        code_at(secret, step): partial(spend_step, authenticator_id, step) for step in steps if is_open(remembered, step, now)
    }


def is_open(remembered: Mapping[str, Any], step: int, now: datetime) -> bool:
    """Whether an authenticator in that state accepts a code of that step, as far as it remembers."""
    is_later = step > remembered.get("last_step", 0) or may_accept_again(remembered, step, now)
    return is_later and not was_accepted(remembered, step)


def provisioning_uri(secret: Secret) -> str:
    """The otpauth:// URI (Key URI format). The label holds only issuer and username (TO-7)."""
    label = f"{quote(secret.issuer, safe='')}:{quote(secret.account, safe='')}"
    query = urlencode(
        {
            "secret": secret.text,
            "issuer": secret.issuer,
            "algorithm": config.TOTP_ALGORITHM,
            "digits": config.TOTP_DIGITS,
            "period": config.TOTP_PERIOD,
        },
        quote_via=quote,
    )
    return f"otpauth://totp/{label}?{query}"


def group_key(key: str) -> list[str]:
    """Split a key into groups of four characters, for reading."""
    return [key[at : at + 4] for at in range(0, len(key), 4)]


def draw_qr(text: str) -> Markup:
    """Inline SVG, black on white with a quiet zone, without style attributes or a title that screen readers would read out.

    One line goes to and fro through all rows and is dashed by their modules: three quarters of the bytes of a line for each run.
    """
    modules = segno.make_qr(text, error=QR_ERROR, mask=QR_MASK).matrix
    size = len(modules) + 2 * QUIET_ZONE
    ground = f'<path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/>'
    line = f'<path fill="none" stroke="#000" stroke-dasharray="{read_dashes(modules)}" d="{draw_line(len(modules))}"/>'
    return Markup(f'<svg viewBox="0 0 {size} {size}">{ground}{line}</svg>')  # noqa: S704 (generated here, from digits and path commands)


def draw_line(rows: int) -> str:
    """The path of the line. It turns one module outside, where no dash is."""
    turns = (f"v1h{'-' if at % 2 else ''}{rows + 2}" for at in range(1, rows))
    return f"M{QUIET_ZONE} {QUIET_ZONE}.5h{rows + 1}{''.join(turns)}"


def read_dashes(modules: Sequence[bytearray]) -> str:
    """The lengths of dark and light runs along that line, beginning with the dark corner that every QR code has."""
    along = b"".join((row[::-1] if at % 2 else row) + b"\0\0\0" for at, row in enumerate(modules))
    return " ".join(str(len(run)) for run in RUNS.findall(along))


@dataclass(frozen=True)
class Scan:
    """Setup: the QR code, the key, and the first code."""

    name = "scan"
    form = CodeForm
    field = "code"
    button = None
    verifies = True

    def show(self, secret: Secret, now: datetime) -> dict[str, Any]:
        uri = provisioning_uri(secret)
        return {
            "qr": draw_qr(uri),
            "uri": uri,
            "key_groups": group_key(secret.text),
            "issuer": secret.issuer,
            "label": secret.account,
            "apps": APPS,
            **Ask().show(secret, now),
        }

    def take(self, secret: Secret, answer: Answer, now: datetime) -> Proved:
        step = verify_or_hint(secret, answer.value, now)
        if db.session.scalar(FIND_SPENT, {"own": secret.authenticator_id, "spent": step}):
            raise CodeRejected("used")
        return Proved({**METHOD.begins_with, "remembered": remember_step(INITIAL_STATE, step)})


@dataclass(frozen=True)
class Ask:
    """Sign-in: six digits. Each step is accepted once, and none older than the last (RFC 6238 5.2, TO-4)."""

    form = None

    def show(self, secret: Secret, now: datetime) -> dict[str, Any]:
        return {"seconds_left": seconds_left(now), "period": config.TOTP_PERIOD}

    def simulate(self, secret: Secret, row: Authenticator, now: datetime) -> dict[str, Any]:
        """What a phone with the secret shows, for the test bench."""
        return {
            "code": code_at(secret.text, step_at(now)),
            "seconds_left": seconds_left(now),
            "key_groups": group_key(secret.text),
        }

    def take(self, secret: Secret, row: Authenticator, answer: Answer, now: datetime) -> None:
        step = verify_or_hint(secret, answer.value, now)
        if was_accepted(row.remembered, step):
            raise CodeRejected("used")
        again = may_accept_again(row.remembered, step, now)
        spend, last = (SPEND_AGAIN, row.remembered["last_step"]) if again else (SPEND, step)
        values = {"remembered": remember_step(row.remembered, step), "last_used_at": now, row.charged: 0}
        if change(spend, {"own": row.id, "spent": step, "last": last, **values}) != 1:
            raise CodeRejected("used")


METHOD = Method(
    name="totp",
    label=N_("Authenticator App"),
    facts=(N_("Works without cell service or Wi-Fi"), N_("Not affected by a stolen or swapped SIM card")),
    begin=lambda context: new_secret(),
    begins_with={"name": N_("Authenticator App"), "remembered": INITIAL_STATE},
    steps=(Scan(),),
    challenge=Ask(),
    shows_key=True,
    live_codes=live_codes,
    change_label=N_("Change Authenticator App"),
    practice=Practice(make_key=write_secret, check=lambda secret, code, now: verify(secret.text, code, now)),
)

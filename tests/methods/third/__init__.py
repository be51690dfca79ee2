"""A method that nobody uses: a key in a device, which answers with JSON. Three steps to set it up, and nothing is sent.

It shows what the contract takes. An answer is bound to the page's origin and counts up, so that none works twice or elsewhere.
"""

import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import update
from wtforms import StringField

from portal.answers import KEY, TEXT, Answer
from portal.db import change
from portal.forms.base import filled
from portal.forms.codes import AnswerForm, OwnQuestionForm
from portal.methods import CodeRejected, Context, Method, Next, Proved, Secret
from portal.models import Authenticator
from portal.words.refusals import N_

last_count = Authenticator.remembered["count"].as_integer()


def begin(context: Context) -> str:
    """A key for one person at one site."""
    return json.dumps({"key": secrets.token_hex(16), "site": context.relying_party, "person": context.username})


def sign(key: str, origin: str, count: int) -> str:
    """What the device answers: JSON, small letters and all."""
    signed = hmac.digest(key.encode(), f"{origin} {count}".encode(), "sha256").hex()
    return json.dumps({"origin": origin, "count": count, "signed": signed})


def verify(key: str, origin: str, value: str) -> int:
    """The count of an answer. Raises CodeRejected("wrong")."""
    try:
        count = int(json.loads(value)["count"])
        right = hmac.compare_digest(sign(key, origin, count), value)
    except (ValueError, TypeError, KeyError):
        right = False
    if not right:
        raise CodeRejected("wrong")
    return count


class NameForm(AnswerForm):
    label = StringField(N_("Name of the key"), [filled("third_empty")])

    @property
    def answer(self) -> Answer:
        return Answer(TEXT, self.label.data)


class PlaceForm(AnswerForm):
    place = StringField(N_("Where you keep it"), [filled("third_empty")])

    @property
    def answer(self) -> Answer:
        return Answer(TEXT, self.place.data)


class SignedForm(OwnQuestionForm):
    signed = StringField(N_("Answer of the key"), [filled("third_empty")])
    question = "signed"

    @property
    def answer(self) -> Answer:
        return Answer(KEY, self.signed.data, self.authenticator.data)


@dataclass(frozen=True)
class Keep:
    """A step that asks for something to keep, and proves nothing."""

    name: str
    form: type[AnswerForm]
    field: str
    button = N_("Continue")
    verifies = False

    def show(self, secret: Secret, now: datetime) -> dict:
        return {"prefill": json.loads(secret.text).get(self.field)}

    def take(self, secret: Secret, answer: Answer, now: datetime) -> Next:
        return Next(json.dumps({**json.loads(secret.text), self.field: answer.value}))


@dataclass(frozen=True)
class Prove:
    """The last step: the first answer of the key."""

    name = "prove"
    form = SignedForm
    field = "signed"
    button = None
    verifies = True

    def show(self, secret: Secret, now: datetime) -> dict:
        return {"kept": json.loads(secret.text)}

    def take(self, secret: Secret, answer: Answer, now: datetime) -> Proved:
        kept = json.loads(secret.text)
        count = verify(kept["key"], secret.origin, answer.value)
        return Proved({"name": kept["label"], "remembered": {"count": count, "place": kept["place"]}}, secret=kept["key"])


@dataclass(frozen=True)
class Ask:
    """Sign-in: an answer that counts further than every one before it."""

    form = SignedForm

    def show(self, secret: Secret, now: datetime) -> dict:
        return {"site": secret.relying_party}

    def simulate(self, secret: Secret, row, now: datetime) -> dict:
        return {"answer": sign(secret.text, secret.origin, row.remembered["count"] + 1), "place": row.remembered["place"]}

    def take(self, secret: Secret, row, answer: Answer, now: datetime) -> None:
        count = verify(secret.text, secret.origin, answer.value)
        spend = update(Authenticator).where(Authenticator.id == row.id, last_count < count)
        if change(spend.values(remembered={**row.remembered, "count": count}, last_used_at=now)) != 1:
            raise CodeRejected("third_used")


METHOD = Method(
    name="third",
    label=N_("Third Method"),
    facts=(N_("Answers for this address alone"),),
    begin=begin,
    begins_with={"name": "Third Method", "remembered": {}},
    steps=(Keep("label", NameForm, "label"), Keep("place", PlaceForm, "place"), Prove()),
    challenge=Ask(),
    asks_for=KEY,
    can_be_guessed=False,
    resists_phishing=True,
    drawing="key-round",
    change_label=N_("Change the key"),
    sentences={
        "third_empty": N_("Fill this in to go on."),
        "third_used": N_("Your key gave that answer before. Ask it for a new one."),
    },
    templates=Path(__file__).parent / "templates",
)

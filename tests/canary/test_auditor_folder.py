"""No secret is in an auditor's folder, in any spelling: neither in its files nor behind the compression of its report (AU-3, proof 6)."""

import base64
import re
import zlib

from sqlalchemy import insert

from portal.flows.operator import demo
from portal.models import Link, ResetRequest, Session, User
from tests.support import canary, folders
from tests.support.folders import download

NUMBER = "+15035550188"
STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)


def contents(folder):
    """Returns name -> bytes: each file, and what the report's streams and pages hold."""
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    for number, stream in enumerate(STREAM.findall(found["report.pdf"])):
        try:
            found[f"stream {number}"] = zlib.decompressobj().decompress(stream)
        except zlib.error:
            continue
    return found | {"the report's pages": folders.report(folder).encode()}


def test_no_secret_of_anybody_is_in_it(plain, admin_lee, dr_okafor, app, database, clock, tmp_path):
    keys, settings = app.extensions["keys"], app.extensions["settings"]
    [okafor] = database.all(User, User.username == "dr.okafor")
    with app.app_context():
        sealed = keys.seal(NUMBER, f"users:{okafor.id}:phone")
    database.change(User.__table__.update().where(User.id == okafor.id).values(phone_sealed=sealed))
    link = "l1nk" * 10
    hidden = {"token_hash": link, "facts": {}, "created_at": clock.now, "expires_at": clock.now}
    database.change(insert(Link).values(user_id=okafor.id, purpose="reset_set_up", **hidden))
    why = {"reason": f"Lost. Call {NUMBER} or (503) 555-0188", "checks": ["photo_id"], "generation": 0, "status": "done"}
    row = {"id": "r", "practice_id": 1, "subject_id": okafor.id, "asked_by_id": okafor.id, "asked_at": clock.now, **why}
    database.change(insert(ResetRequest).values(**row))
    folder = folders.unpacked(download(plain.enter(admin_lee)), tmp_path)
    assert any("Lost. Call •••" in row[5] for row in folders.table(folder, "resets"))
    seeds = {f"signing seed {at}": canary.encodings(seed) for at, seed in enumerate(keys._signing_seeds.values())}
    codes = {f"backup code {at}": canary.of_backup_code(code) for at, code in enumerate(dr_okafor.codes + admin_lee.codes)}
    tokens = {f"token {row.id}": canary.of_text(row.token_hash) for row in database.all(Session)}
    needles = {
        "key of an app": canary.of_key(dr_okafor.key) | canary.of_key(admin_lee.key),
        "password": canary.of_text(demo.PASSWORD),
        "number": canary.of_number(NUMBER),
        "link": canary.of_text(link),
        "cookie": canary.of_text(plain.cookie()),
        "secret key": canary.of_text(settings.secret_key),
        "encryption key": {each for _, raw in settings.encryption_keys for each in canary.encodings(raw) | {base64.b64encode(raw)}},
        **seeds, **codes, **tokens,
    }  # fmt: skip
    assert len(needles) > 12 and codes and tokens
    found = {
        f"{name} in {place}"
        for place, content in contents(folder).items()
        for name, each in needles.items()
        if canary.hits(content, each)
    }
    assert found == set()
    assert canary.hits("\n".join(folders.told(folder, "factors", 1)).encode(), canary.of_text("dr.okafor")), (
        "the search finds nothing at all"
    )

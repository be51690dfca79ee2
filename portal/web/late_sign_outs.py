"""Sign-out while the database does not answer: the cookie goes at once, and the session ends when the database is back (SE-9).

What waits is remembered by this process alone. If the process ends first, the session ends by its idle limit: no browser has its
token anymore.
"""

import logging
import threading
from typing import cast

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from portal.crypto import token_hash
from portal.db import db
from portal.flows.base.context import RequestContext
from portal.flows.sessions import sessions
from portal.settings import config

log = logging.getLogger(__name__)


class LateSignOuts:
    """The sessions that are signed out and whose rows do not say so yet."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.waiting: dict[str, RequestContext] = {}  # hash of the token -> the request that signed out
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None
        self.stopped = threading.Event()

    def add(self, hashed: str, context: RequestContext) -> None:
        """Remember a session, and end it as soon as the database answers."""
        with self.lock:
            if len(self.waiting) < config.LATE_SIGN_OUTS:
                self.waiting[hashed] = context
            if self.thread is None:
                self.thread = threading.Thread(target=self.work, name="late sign-outs", daemon=True)
                self.thread.start()

    def work(self) -> None:
        """Try again every few seconds until nothing is left."""
        while not self.stopped.wait(config.LATE_SIGN_OUT_SECONDS):
            with self.app.app_context():
                self.end_all()
            with self.lock:
                if not self.waiting:
                    self.thread = None
                    return

    def end_all(self) -> None:
        """End each remembered session; the rest stays if the database still does not answer."""
        for hashed, context in list(self.waiting.items()):
            try:
                sessions.end_session_late(context, hashed)
            except SQLAlchemyError as error:
                db.session.rollback()
                log.warning("%d sessions wait to be ended: %s", len(self.waiting), getattr(error, "orig", error))
                return
            self.waiting.pop(hashed)
            log.info("request %s: the session that it signed out has ended", context.request_id)


def late_sign_outs() -> LateSignOuts:
    """This process's list."""
    return cast(LateSignOuts, current_app.extensions["late_sign_outs"])


def is_signed_out(token: str) -> bool:
    """Whether the token's session is signed out, though its row does not say so yet."""
    waiting = late_sign_outs().waiting
    return bool(waiting) and token_hash(token) in waiting

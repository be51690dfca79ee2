"""The secret key and the encryption keys: read from the environment, or, on loopback, generated and stored in the instance folder."""

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import NullPool, create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from portal.settings import config, postgres
from portal.settings.addresses import SettingError, unusable_file


def read_secret_key(environ: Mapping[str, str], stored_keys: "KeptKeys | None") -> str:
    key = environ.get("PORTAL_SECRET_KEY") or (
        stored_keys.read("secret_key", lambda: secrets.token_urlsafe(config.MIN_KEY_BYTES)) if stored_keys else ""
    )
    if not key:
        raise SettingError(
            "PORTAL_SECRET_KEY is missing. Create one: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    if len(key.encode()) < config.MIN_KEY_BYTES or len(set(key)) < 16:
        raise SettingError("PORTAL_SECRET_KEY is too short or not random enough. It needs at least 32 random bytes.")
    return key


def read_encryption_keys(environ: Mapping[str, str], stored_keys: "KeptKeys | None") -> tuple[tuple[str, bytes], ...]:
    text = environ.get("PORTAL_ENCRYPTION_KEYS") or (
        stored_keys.read("encryption_keys", new_encryption_key) if stored_keys else ""
    )
    if not text:
        raise SettingError("PORTAL_ENCRYPTION_KEYS is missing. It is a list such as 2026a:BASE64OF32BYTES, newest first.")
    keys = tuple(read_one_key(part) for part in text.strip().split(","))
    if len({name for name, _ in keys}) < len(keys):
        raise SettingError("PORTAL_ENCRYPTION_KEYS uses the same id twice.")
    return keys


def read_one_key(part: str) -> tuple[str, bytes]:
    name, _, encoded = part.strip().partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError as error:  # binascii.Error is one, and so is what other alphabets get
        raise SettingError("PORTAL_ENCRYPTION_KEYS must hold base64 after each id.") from error
    if not name or len(name) > 16 or not name.isascii():
        raise SettingError("PORTAL_ENCRYPTION_KEYS needs a short id before each key, such as 2026a:….")
    if len(key) != config.MIN_KEY_BYTES or len(set(key)) < 16:
        raise SettingError(
            "PORTAL_ENCRYPTION_KEYS must hold 32 random bytes after each id. One is too short, too long, or not random enough."
        )
    return name, key


def new_encryption_key() -> str:
    return "k1:" + base64.b64encode(secrets.token_bytes(config.MIN_KEY_BYTES)).decode()


class KeptKeys:
    """Keys generated once and stored in the instance folder, for a portal on loopback."""

    def __init__(self, instance: Path, database_url: str) -> None:
        self.instance = instance
        self.url = make_url(database_url)

    def read(self, name: str, generate: Callable[[], str]) -> str:
        """The stored key. It is generated if neither it nor a database that might need it exists."""
        path = self.instance / name
        try:
            if not path.exists():
                if self.database_exists():
                    raise SettingError(f"PORTAL_{name.upper()} is missing: {path} is gone, but the database it protects exists.")
                self.instance.mkdir(parents=True, exist_ok=True)
                self.keep(path, generate())
            return path.read_text().strip()
        except OSError as error:
            raise unusable_file("PORTAL_INSTANCE", error, path) from error
        except UnicodeDecodeError as error:
            raise SettingError(
                f"PORTAL_{name.upper()}: {path} isn't the file that the portal wrote. Restore it from a backup."
            ) from error

    def database_exists(self) -> bool:
        """Whether there is a database that a newly generated key could not decrypt (CR-3)."""
        if self.url.drivername == "sqlite":
            return bool(self.url.database) and Path(str(self.url.database)).exists()
        engine = create_engine(self.url, poolclass=NullPool, connect_args=postgres.network_options())
        try:
            return inspect(engine).has_table("users")
        except OperationalError as error:
            raise SettingError("PORTAL_DATABASE_URL names a database that isn't responding.") from error

    @staticmethod
    def keep(path: Path, text: str) -> None:
        """Write the file atomically, readable by its owner only. If two processes race, the first one wins."""
        draft = path.with_suffix(f".{secrets.token_hex(4)}")
        try:
            draft.touch(mode=0o600)
            draft.write_text(text + "\n")
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)

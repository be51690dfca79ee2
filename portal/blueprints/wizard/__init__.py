"""The guided set-up: choose a method, answer its steps, save the backup codes. Nested in every side."""

from flask import Blueprint

blueprint = Blueprint("setup", __name__)

from portal.blueprints.wizard import backup_codes, steps  # noqa: E402, F401 their pages hang on the blueprint

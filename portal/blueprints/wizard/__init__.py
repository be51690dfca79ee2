"""The set-up wizard: choose a method, answer its steps, save the backup codes. Nested in each side's blueprint."""

from flask import Blueprint

blueprint = Blueprint("setup", __name__)

from portal.blueprints.wizard import backup_codes, steps  # noqa: E402, F401 they register their views on the blueprint

"""The WSGI entry point: `gunicorn -c python:portal.gunicorn_conf portal.wsgi:app`; also used by `medximity-portal …`."""

import os
import sys

from portal import create_app
from portal.engines import check_database
from portal.settings.addresses import SettingError
from portal.settings.given import read_given
from portal.settings.watching import read_log
from portal.watch import logs

WORKER_BOOT_ERROR = 3  # gunicorn's exit code for "do not restart"

try:
    logs.configure(read_log(read_given(os.environ)))
    app = create_app()
    check_database(app.extensions["engine"])
except SettingError as error:
    sys.stderr.write(f"The portal did not start. {error}\n")
    sys.exit(WORKER_BOOT_ERROR)

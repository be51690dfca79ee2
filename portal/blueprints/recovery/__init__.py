"""Account recovery, for people who cannot sign in: request, status, stop, and the way into set-up.

Each module's views join the one blueprint of `frame`.
"""

from portal.blueprints.recovery import ask as ask
from portal.blueprints.recovery import checks as checks
from portal.blueprints.recovery import expired as expired
from portal.blueprints.recovery import prove as prove
from portal.blueprints.recovery import set_up as set_up
from portal.blueprints.recovery.frame import blueprint as blueprint

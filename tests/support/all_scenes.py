"""Every scene by its name, for the tests and for `make screenshots`."""

from tests.support.scenes import SCENES
from tests.support.scenes_bench import BENCH_SCENES
from tests.support.scenes_desk import DESK_SCENES
from tests.support.scenes_ehr import EHR_SCENES
from tests.support.scenes_emergency import EMERGENCY_SCENES
from tests.support.scenes_new_browsers import NEW_BROWSER_SCENES
from tests.support.scenes_recovery import RECOVERY_SCENES
from tests.support.scenes_reset import RESET_SCENES
from tests.support.scenes_stop import STOP_SCENES
from tests.support.scenes_support import SUPPORT_SCENES
from tests.support.scenes_tickets import TICKET_SCENES

ALL_SCENES = {
    **SCENES,
    **EHR_SCENES,
    **EMERGENCY_SCENES,
    **NEW_BROWSER_SCENES,
    **RESET_SCENES,
    **RECOVERY_SCENES,
    **SUPPORT_SCENES,
    **DESK_SCENES,
    **STOP_SCENES,
    **BENCH_SCENES,
    **TICKET_SCENES,
}

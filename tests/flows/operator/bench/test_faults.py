"""What the test bench's gateways keep of a message that they took."""

from portal.crypto import Keyring
from portal.flows.messages import outbox
from portal.flows.operator.bench import faults
from portal.flows.operator.bench.state import read_state
from portal.gateways import Message

KEYS = Keyring((("k1", b"1" * 32),))
TEXT = Message("m" * 32, "+15035550164", "Hello", report="token")


def test_a_late_report_is_due_for_a_text_that_comes_once(tmp_path):
    faults.set_switches(KEYS, tmp_path, outbox.TEXT, {**faults.WELL, "report": faults.REPORTS[1], "minutes": 5})
    assert faults.hand_over(KEYS, tmp_path, outbox.TEXT, TEXT) == faults.KEPT
    state = read_state(KEYS, tmp_path)
    assert faults.TWICE not in state and [due[1:] for due in state[faults.DUE]] == [["token", faults.REPORTS[1]]]

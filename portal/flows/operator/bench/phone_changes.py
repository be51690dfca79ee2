"""What a tester does with a phone: scan, type a key, delete an entry, set it, move the SIM card."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.flows.factors.bindings import binding_secret
from portal.flows.operator.bench import authenticator_app as app
from portal.flows.operator.bench import camera, devices
from portal.flows.operator.bench.phone import Owner, list_elsewhere
from portal.flows.operator.bench.state import change_state
from portal.methods import method
from portal.models import Authenticator
from portal.words.refusals import Refused


@contextmanager
def change_record(owner: Owner, folder: Path) -> Iterator[devices.Record]:
    """The person's record, to change in place.

    Entries of keys that the phones have not scanned become the first phone's own, so that it keeps them when the account goes over to
    another authenticator, as a real phone does.
    """
    with change_state(owner.context.keys, folder) as state:
        record = devices.read_record(state, owner.user.username)
        for row in list_elsewhere(owner, record):
            if owner.keys[row.id] and "digits" in row.remembered:
                record["devices"][0]["entries"].append(own_entry(owner, row))
        yield record
        state.setdefault("phones", {})[owner.user.username] = record


def own_entry(owner: Owner, row: Authenticator) -> app.Entry:
    """The entry of an authenticator, with its id."""
    numbers = (row.remembered[name] for name in ("digits", "period", "algorithm"))
    return {**app.make_entry(owner.issuer, owner.user.username, owner.keys[row.id], *numbers), "id": row.id}


def add_entry(owner: Owner, folder: Path, index: int, entry: app.Entry) -> None:
    """Add an entry to a phone's app. What it has already, it has once. Raises Refused("phone_off")."""
    with change_record(owner, folder) as record:
        device = need_power(record, index)
        device["entries"] = [each for each in device["entries"] if each["key"] != entry["key"]] + [entry]


def need_power(record: devices.Record, index: int) -> devices.Device:
    """The phone, if it can be used. Raises Refused("phone_off")."""
    device: devices.Device = record["devices"][index]
    if device["power"] != devices.ON:
        raise Refused("phone_off")
    return device


def scan(owner: Owner, folder: Path, index: int) -> None:
    """Point the camera at the QR code of the person's open set-up. Raises Refused: "scan_no_page", and what the camera refuses."""
    add_entry(owner, folder, index, app.read_qr_text(camera.read_drawing(shown_drawing(owner))))


def shown_drawing(owner: Owner) -> str:
    """The QR code on the set-up page, as SVG. Raises Refused("scan_no_page")."""
    binding = owner.binding
    chosen = method(binding.method) if binding else None
    if not (binding and chosen):
        raise Refused("scan_no_page")
    shown = chosen.due(binding.step).show(binding_secret(owner.context, owner.user, binding), owner.context.now)
    if "qr" not in shown:
        raise Refused("scan_no_page")
    return str(shown["qr"])


def scan_upload(owner: Owner, folder: Path, index: int, data: bytes) -> None:
    """Use a screenshot. Raises Refused."""
    add_entry(owner, folder, index, app.read_qr_text(camera.read_upload(data)))


def type_key(owner: Owner, folder: Path, index: int, label: str, key: str) -> None:
    """Enter a setup key, as apps ask for it: they know no issuer then. Raises Refused("setup_key_shape")."""
    add_entry(owner, folder, index, app.make_entry("", label, app.read_key(key)))


def add_other(owner: Owner, folder: Path, index: int) -> None:
    """Add an account of another company to the app."""
    add_entry(owner, folder, index, app.other_entry(owner.user.username))


def delete_entry(owner: Owner, folder: Path, index: int, entry_id: str) -> None:
    """Delete an entry from the app. Nothing happens if it is gone already."""
    with change_record(owner, folder) as record:
        device = need_power(record, index)
        gone = [entry["key"] for entry in device["entries"] if entry["id"] == entry_id]
        device["entries"] = [entry for entry in device["entries"] if entry["id"] != entry_id]
        record["forgotten"] += [row.id for row in owner.rows if row.id == entry_id or owner.keys[row.id] in gone]


def set_phone(owner: Owner, folder: Path, index: int, minutes: int, power: str, network: bool, number: str | None = None) -> None:
    """Set a phone's clock (`minutes` fast, slow below 0), power, network, and the number of the SIM card in it."""
    with change_record(owner, folder) as record:
        device = record["devices"][index]
        device["minutes"] = minutes
        devices.set_reception(device, power, network, owner.context.now)
        _, current, holder = devices.sim_moves(record, owner.first_number)[-1]
        if number is not None and holder == index and number != current:
            devices.move_sim(record, owner.context.now, number, index)


def move_sim(owner: Owner, folder: Path, index: int) -> None:
    """Put the SIM card into this phone."""
    with change_record(owner, folder) as record:
        _, number, _ = devices.sim_moves(record, owner.first_number)[-1]
        devices.move_sim(record, owner.context.now, number, index)

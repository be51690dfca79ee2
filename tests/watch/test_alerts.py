"""Alert rules and the dashboard name what /metrics gives, with labels and values that there are."""

import json
import re

import pytest
import yaml

from portal.watch.names import AREAS, COUNTS, MEASURES
from tests.house.documents import DOCS
from tests.support.application import application
from tests.support.watched import READ, samples

RULES = yaml.safe_load((DOCS / "deployment" / "alerts.yml").read_text())["groups"][0]["rules"]
PANELS = json.loads((DOCS / "deployment" / "dashboard.json").read_text())["panels"]
SEVERITIES = {"page", "ticket"}
STATES = {"queued", "claimed", "sent", "failed", "expired", "delivered", "held"}
STATUSES = {"2xx", "3xx", "4xx", "5xx"}
LABELS = {  # of every series, with the values that they can have; an empty set is any
    **{name: {key: set() for key in labels} for name, (_, labels) in MEASURES.items()},
    **{f"{name}_total": {label: set(values)} for name, (_, label, values) in COUNTS.items()},
    "portal_requests_total": {"area": {area for _, area in AREAS} | {"other"}, "status": STATUSES},
    **{f"portal_request_seconds_{part}": {"area": set()} for part in ("count", "sum")},
    "portal_request_seconds_bucket": {"area": set(), "le": {"0.1", "0.5", "2.0", "+Inf"}},
}
LABELS["portal_messages"] = {"kind": {"text", "mail"}, "state": STATES}
MATCHER = re.compile(r'(\w+)\s*(=~|=)\s*"([^"]*)"')


def expressions():
    """Returns every expression."""
    return [rule["expr"] for rule in RULES] + [target["expr"] for panel in PANELS for target in panel["targets"]]


def selectors(expression):
    """Returns (name, matchers) of every series that an expression asks for."""
    return re.findall(r"\b(portal_\w+)(\{[^}]*\})?", expression)


@pytest.mark.once("looks at files in docs")
@pytest.mark.parametrize("expression", expressions())
def test_an_expression_names_what_there_is(expression):
    assert selectors(expression) and expression.count("(") == expression.count(")")
    for name, matchers in selectors(expression):
        assert name in LABELS
        for label, how, value in MATCHER.findall(matchers):
            assert label in LABELS[name], f"{name} has no label {label}"
            values = set(value.split("|")) if how == "=~" else {value}
            assert values <= LABELS[name][label], f"{name} is never {label}={value}"
    grouped = {label.strip() for labels in re.findall(r"by \(([\w, ]+)\)", expression) for label in labels.split(",")}
    assert grouped <= {label for name, _ in selectors(expression) for label in LABELS[name]}


@pytest.mark.once("looks at files in docs")
def test_everything_that_is_counted_is_on_the_dashboard():
    shown = {name for panel in PANELS for target in panel["targets"] for name, _ in selectors(target["expr"])}
    assert set(LABELS) - shown == set()


@pytest.mark.once("looks at files in docs")
def test_an_alert_says_what_happened_and_what_to_do():
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names)) > 10
    for rule in RULES:
        assert rule["labels"]["severity"] in SEVERITIES and set(rule["annotations"]) == {"summary", "action"}
        assert rule["annotations"]["action"].endswith(".") and not rule["annotations"]["summary"].endswith(".")


@pytest.mark.once("looks at files in docs")
def test_panels_lie_beside_one_another():
    places = [tuple(panel["gridPos"][side] for side in "xywh") for panel in PANELS]
    cells = [(x + right, y + down) for x, y, w, h in places for right in range(w) for down in range(h)]
    assert len(cells) == len(set(cells)) and max(x + w for x, _, w, _ in places) <= 24


def test_what_they_name_is_what_the_portal_says(site):
    """The names above are those of this code; this asks a portal, once each of them has something to say."""
    with application(site, **READ) as app:
        client = app.test_client()
        client.get("/sign-in")
        told = {name for name, _ in samples(client.get("/metrics").text)}
    later = {"portal_worker_seen_age_seconds", "portal_recoveries_open"}  # with a worker, with an open recovery: test_metrics.py
    assert {name for expression in expressions() for name, _ in selectors(expression)} - told <= later

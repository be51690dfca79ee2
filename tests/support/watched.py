"""What /metrics says, as Prometheus reads it."""

from prometheus_client.parser import text_string_to_metric_families

READ = {"PORTAL_METRICS_FROM": "127.0.0.1"}


def samples(text):
    """Returns (name, labels as a sorted tuple) -> value of every series."""
    families = text_string_to_metric_families(text)
    return {(each.name, tuple(sorted(each.labels.items()))): each.value for family in families for each in family.samples}


def value_of(found, name, **labels):
    """Returns the value of a series, 0 if there is none."""
    return found.get((name, tuple(sorted(labels.items()))), 0)

"""Support tickets: a person asks, support answers."""

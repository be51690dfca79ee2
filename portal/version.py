"""The version number recorded in audit events."""

VERSION = "0.1.0"

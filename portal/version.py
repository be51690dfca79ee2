"""The version that audit events name."""

VERSION = "0.1.0"

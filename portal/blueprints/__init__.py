"""Rooms with sides: HTTP in, HTTP out."""

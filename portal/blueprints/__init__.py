"""Rooms with doors: HTTP in, HTTP out."""

"""Benchmarks of the portal against a minimal Flask app (the floor) on the same server: `make bench`."""

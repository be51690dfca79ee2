"""The auditor's folder: what a practice's records say about a period, row by row, and no word about how it looks."""

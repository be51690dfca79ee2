"""What machines post: content policy reports, delivery reports."""

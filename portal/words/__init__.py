"""User-facing sentences for refusals and events: one for each reason."""

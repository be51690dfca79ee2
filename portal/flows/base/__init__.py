"""What every flow builds on: the request context, the audit trail, rate limits, single-use links, dual control, passwords."""

"""What every flow stands on: the request's context, the audit trail, rate limits, single-use links, dual control, passwords."""

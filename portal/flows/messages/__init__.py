"""Emails and texts: queued in the transaction they report on (a transactional outbox), delivered by the worker."""

"""What goes out by email and text: queued in the transaction it tells of (a transactional outbox), carried by the worker."""

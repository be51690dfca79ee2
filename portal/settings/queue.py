"""The numbers of a worker that stands in for the queue."""

QUEUE_LOOK_SECONDS = 2  # between two looks whether Redis answers; a code by text waits so long at most while it does not
QUEUE_SWEEP_SECONDS = 60  # as often as the queue has a worker sweep
QUEUE_ERROR_SECONDS = 60  # between two entries about one error: eight threads try twice a second, and a stack trace has 6 KB
QUEUE_ERRORS_KEPT = 100  # that are remembered

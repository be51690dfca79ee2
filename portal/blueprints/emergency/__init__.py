"""Emergency access: asking for it, and the wall around it while it runs."""

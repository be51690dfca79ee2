"""Every kind of request that waits for a second person (dual control)."""

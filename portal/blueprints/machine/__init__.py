"""Reports that machines post: content policy violations, and deliveries of texts."""

"""What people read of a refusal or an event: one sentence for each reason."""

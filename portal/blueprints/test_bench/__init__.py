"""The test bench: simulated phones and mailboxes, registered only if it is switched on."""

"""The test bench: simulated phones, the mailbox, and what else a tester may turn."""

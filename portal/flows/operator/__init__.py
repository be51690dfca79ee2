"""What the operator does: accounts, key rotation, the demo accounts, the test bench."""

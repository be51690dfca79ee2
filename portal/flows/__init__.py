"""What the product does: each function a verb, one transaction each."""

"""What the open-set diagnostic measures and shows."""

"""What the generalisation gap measures and draws."""

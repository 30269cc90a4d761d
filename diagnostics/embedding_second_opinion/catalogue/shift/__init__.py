"""What the shift measures and draws."""

"""What the same evaluation gives without the model."""

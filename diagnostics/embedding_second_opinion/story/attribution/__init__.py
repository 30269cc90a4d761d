"""From the number that was believed to the accuracy in use, one measured change at a time."""

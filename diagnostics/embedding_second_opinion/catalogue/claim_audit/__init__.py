"""What a claimed number would be under each convention that circulates."""

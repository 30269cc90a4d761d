"""Recalls by class size and by group, and the worst that chance allows."""

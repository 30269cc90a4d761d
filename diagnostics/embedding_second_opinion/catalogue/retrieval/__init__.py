"""Ranked answers: what they hold, by chance and at best, without a class, and by an index."""

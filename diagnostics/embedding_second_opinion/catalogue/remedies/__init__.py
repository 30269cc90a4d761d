"""Which fix helps, measured on rows that it never saw."""

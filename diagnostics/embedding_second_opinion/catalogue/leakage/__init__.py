"""What the accuracy owes to copies of the queries, and to their own groups."""

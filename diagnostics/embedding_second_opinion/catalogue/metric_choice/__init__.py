"""What other metrics would answer on the same vectors."""

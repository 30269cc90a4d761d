"""Two models on the same samples: what differs, by how much, and where."""

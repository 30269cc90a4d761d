"""Other rules on the same vectors: votes, class means, a linear probe; and how sure each is."""

"""What is wrong with the triplets, how hard they are, and which code draws such ones."""

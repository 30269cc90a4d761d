"""How accuracy changes with the number of classes enrolled."""

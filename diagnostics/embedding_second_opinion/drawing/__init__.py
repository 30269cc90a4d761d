"""The parts of ``draw``: curves, trees, points, letters."""

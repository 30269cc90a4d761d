"""How crowded the neighbourhoods are, what a cloud of that shape would have, and what it costs."""

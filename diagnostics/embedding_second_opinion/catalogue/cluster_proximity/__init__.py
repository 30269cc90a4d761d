"""How near classes lie, and what is lost to near ones."""

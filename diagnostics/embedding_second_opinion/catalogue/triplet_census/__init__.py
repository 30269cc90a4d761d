"""How many triplets still teach, what mining would find, and which errors are not among them."""

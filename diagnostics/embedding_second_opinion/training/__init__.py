"""How were the trained examples made? Small real training runs that anyone can repeat."""

"""What locked wheels would reach for at run time, read out of their bytes and never by running them."""

"""Ask over HTTP and from the shell."""

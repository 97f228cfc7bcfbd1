"""Tools of the project: each is a command that the Makefile calls."""

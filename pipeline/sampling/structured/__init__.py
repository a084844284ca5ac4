"""Structured placement: contexts, what each holds, and where it goes. One law of placing a file."""

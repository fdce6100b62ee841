"""Titles that state what was found, and notes that say how it is drawn."""

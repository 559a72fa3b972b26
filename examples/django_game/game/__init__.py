"""Catch the stars: the back end of a small game."""

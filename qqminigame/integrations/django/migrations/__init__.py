"""The tables of the store, and their changes from version to version."""

"""The raw layer: every declared table over its active landing files, under the same names on every engine."""

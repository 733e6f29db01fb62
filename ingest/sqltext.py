"""Values and names as SQL text, quoted, for statements that are written from declarations."""


def literal(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def name(value: str) -> str:
    """An identifier, whatever characters it has."""
    return '"' + value.replace('"', '""') + '"'

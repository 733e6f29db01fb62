"""What the macros that return lists stand for while sqlfluff reads the models: linting needs no dbt and no database."""


def catalogue_kinds() -> list[str]:
    """As `macros/usage_kinds.sql`: one is enough to see a column."""
    return ["input_tokens"]


def usage_kind_names() -> list[str]:
    """As `macros/usage_kinds.sql`."""
    return ["input"]


def price_scope() -> dict[str, str]:
    """As `macros/price_scope.sql`."""
    return {"provider_id": "coalesce(provider_id, '(unknown)')"}

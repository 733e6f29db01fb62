"""The price book: what a unit of use cost when, by whom that was said, and since when we know it.

`tables` declares the raw tables · `catalogue` flattens `genai-prices` · `variant_rules` extends its service tiers
backwards · `litellm` flattens LiteLLM's map · `overrides` reads contracts · `closed_periods` keeps which months are
closed · `csv_lines` reads what people keep by hand · `matches` resolves model names · `book` keeps all of it,
append-only · `learning` calls them in order · `checks` looks for what no price list would say.
"""

-- grain: one row per billing line
{{ union_staged('charges') }}

-- grain: one row per billing period of an issuer of invoices
{{ union_staged('billing_periods') }}

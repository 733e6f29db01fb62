-- grain: one row per line of an invoice
{{ union_staged('invoices') }}

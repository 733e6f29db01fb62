-- grain: one row per resource, the pod that held it, and hour (or scrape interval, or window of an export)
{{ union_staged('capacity') }}

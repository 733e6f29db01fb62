-- grain: one row per hour (or scrape interval) of something rented by time
{{ union_staged('capacity') }}

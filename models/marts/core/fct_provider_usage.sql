-- grain: one row per bucket of use that a provider reports (hour or day, project, key, model)
{{ union_staged('provider_usage') }}

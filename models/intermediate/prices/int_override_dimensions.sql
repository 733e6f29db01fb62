-- grain: one row per build
-- Which keys of a call some override asks for.
select
    coalesce(max(case when billing_account_id is not null then 1 else 0 end), 0) = 1 as uses_billing_account,
    coalesce(max(case when project_id is not null then 1 else 0 end), 0) = 1 as uses_project,
    coalesce(max(case when api_key_id is not null then 1 else 0 end), 0) = 1 as uses_api_key,
    coalesce(max(case when deployment_id is not null then 1 else 0 end), 0) = 1 as uses_deployment
from {{ ref('int_override_terms') }}

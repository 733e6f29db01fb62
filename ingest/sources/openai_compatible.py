"""Answers of providers that answer in OpenAI's shape under their own host, as an application logs them.

The answer itself, or wrapped (`response`, `body`, `response.body`) beside the application's own fields, one JSON object
a line; a stream's chunks, a line each, are one call. The provider is what the log says (`provider`), else the host
(`host`, `base_url`), else whoever alone gives a model such a name. Their ids are those of genai-prices, a host that it
does not know stays as it is. Schemas: the providers' API references; genai-prices `data.py`, `extractors`.
"""

from ingest.openai_shape import (
    CALL,
    CAN_BE_TOLD_APART,
    KNOWN_USAGE,
    PROMPT,
    ROOTS,
    STATED,
    TOKENS,
    USAGE,
    WHOSE,
    WHOSE_COLUMNS,
    is_shaped,
    tokens,
    usage,
    whose,
)
from ingest.source import Column, Sample, Source, Table, Type, first_present

NAMES = {
    "arcee": ("arcee-ai", "arcee_ai"),
    "avian": (),
    "azure": ("azure_openai", "azure-openai", "azureopenai", "azure_ai", "azure.ai.openai", "azure.ai.inference"),
    "baseten": (),
    "cerebras": (),
    "cloudflare": (),
    "cohere": ("cohere_chat",),
    "databricks": (),
    "deepseek": ("deepseek-ai", "deepseek_ai"),
    "doubleword": (),
    "fireworks": ("fireworks-ai", "fireworks_ai", "fireworksai"),
    "github-copilot": ("github_copilot", "copilot"),
    "google": ("gemini", "google-ai", "google_ai", "vertex_ai", "vertex-ai", "vertexai", "gcp.gemini", "gcp.vertex_ai"),
    "groq": (),
    "meta": (),
    "minimax": (),
    "mistral": ("mistralai", "mistral-ai", "mistral_ai"),
    "moonshotai": ("moonshot", "moonshot-ai", "moonshot_ai", "kimi"),
    "novita": ("novita-ai", "novita_ai"),
    "openrouter": (),
    "ovhcloud": (),
    "perplexity": ("perplexity-ai", "perplexityai", "perplexity_ai"),
    "together": ("together-ai", "together_ai", "togetherai"),
    "voyageai": ("voyage", "voyage-ai"),
    "x-ai": ("xai", "x_ai"),
    "zai": ("z-ai", "z.ai"),
    "zhipuai": ("zhipu", "bigmodel"),
}
"""What providers are called, by their ids in genai-prices."""

HOSTS = {
    "azure": (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com", ".azure-api.net"),
    "arcee": ("api.arcee.ai",),
    "avian": ("api.avian.io",),
    "baseten": ("inference.baseten.co",),
    "cerebras": ("api.cerebras.ai",),
    "cloudflare": ("api.cloudflare.com",),
    "cohere": ("api.cohere.ai", "api.cohere.com"),
    "databricks": (".databricks.com", ".azuredatabricks.net"),
    "deepseek": ("api.deepseek.com",),
    "doubleword": ("api.doubleword.ai",),
    "fireworks": ("api.fireworks.ai",),
    "github-copilot": ("api.githubcopilot.com",),
    "google": ("generativelanguage.googleapis.com", "aiplatform.googleapis.com"),
    "groq": ("api.groq.com",),
    "huggingface_cerebras": ("router.huggingface.co/cerebras",),
    "huggingface_fireworks-ai": ("router.huggingface.co/fireworks-ai",),
    "huggingface_groq": ("router.huggingface.co/groq",),
    "huggingface_nebius": ("router.huggingface.co/nebius",),
    "huggingface_novita": ("router.huggingface.co/novita",),
    "huggingface_sambanova": ("router.huggingface.co/sambanova",),
    "huggingface_together": ("router.huggingface.co/together",),
    "meta": ("api.meta.ai",),
    "minimax": ("api.minimax.io", "api.minimaxi.com"),
    "mistral": ("api.mistral.ai",),
    "moonshotai": ("api.moonshot.ai", "api.moonshot.cn"),
    "novita": ("api.novita.ai",),
    "openrouter": ("openrouter.ai",),
    "ovhcloud": ("oai.endpoints.kepler.ai.cloud.ovh.net",),
    "perplexity": ("api.perplexity.ai",),
    "together": ("api.together.xyz", "api.together.ai"),
    "voyageai": ("api.voyageai.com",),
    "x-ai": ("api.x.ai",),
    "zai": ("api.z.ai",),
    "zhipuai": ("open.bigmodel.cn",),
}
"""Where they answer; a host, or a whole `base_url`, holds one of these."""

MODELS = {
    "mistral": ("mistral-*", "ministral-*", "magistral-*", "codestral-*", "devstral-*", "pixtral-*", "voxtral-*",
                "open-mistral-*", "open-mixtral-*"),
    "deepseek": ("deepseek-*",),
    "x-ai": ("grok-*",),
    "perplexity": ("sonar*",),
    "moonshotai": ("kimi-*", "moonshot-*"),
    "google": ("gemini-*", "models/gemini-*"),
    "cohere": ("command-*", "c4ai-*", "embed-*"),
}  # fmt: skip
"""Whose a model is of which nothing else is said."""

WORDS = (
    {name: provider for provider, names in NAMES.items() for name in (provider, *names)}
    | {f"*{host}*": provider for provider, hosts in HOSTS.items() for host in hosts}
    | {model: provider for provider, models in MODELS.items() for model in models}
)


def _recognises(sample: Sample) -> bool:
    return any(
        whose(record) == "openai_compatible"
        and first_present(record, "type", "response.type", "body.type") != "message"
        and is_shaped(record)
        for record in sample.records
    )


SOURCE = Source(
    name="openai_compatible",
    about="answers in OpenAI's shape of Mistral, DeepSeek, xAI, Groq, Together, Azure and others, JSON lines",
    tables=(
        Table(
            shape="requests",
            formats=("jsonl",),
            date="requested_at",
            identity=("response_id", "request_id"),
            recognises=_recognises,
            roots=ROOTS,
            prompt=PROMPT,
            usage=(*USAGE, "*.usage_info"),
            known_usage=(
                *KNOWN_USAGE,
                # OpenRouter: parts of the upstream cost
                *(f"cost_details.upstream_inference_{part}_cost" for part in ("prompt", "completions")),
                *(f"cost_details.upstream_inference_{part}_cost" for part in ("input", "output")),
                # Mistral bills a document by its pages
                "doc_size_bytes",
            ),
            # A shared log may hold answers of OpenAI and others, of Anthropic and of Gemini in shapes of their own.
            where=f"{WHOSE} = 'openai_compatible' and {CAN_BE_TOLD_APART} and coalesce(type, '') <> 'message'"
            " and not starts_with(coalesce(response_id, ''), 'msg_')"
            " and coalesce(host, '') <> 'api.anthropic.com'"
            " and not (host is null and coalesce(model, '') like 'claude%')"
            " and not (object is null and (coalesce(host, '') like '%googleapis.com'"
            " or (host is null and coalesce(model, '') like '%gemini%'"
            " and (prompt_tokens is null or coalesce(status, error_code) is not null))))"
            " and coalesce(object, path, cast(prompt_tokens as varchar), error_code, response_id,"
            " cast(page_count as varchar)) is not null",
            columns=(
                *WHOSE_COLUMNS,
                *CALL,
                Column("host", paths=("host",)),
                Column("provider", paths=(*STATED, "*.model", "request.model", "requested_model"), words=WORDS),
                Column("service_tier", paths=("*.service_tier", "*.usage.service_tier")),
                *TOKENS,
                usage(
                    "cache_write_tokens",
                    "prompt_tokens_details.cache_write_tokens",
                    "input_tokens_details.cache_write_tokens",
                ),
                usage("input_audio_tokens", "prompt_tokens_details.audio_tokens"),
                usage("input_image_tokens", "prompt_tokens_details.image_tokens", "input_tokens_details.image_tokens"),
                usage("output_audio_tokens", "completion_tokens_details.audio_tokens"),
                usage("output_image_tokens", "completion_tokens_details.image_tokens"),
                # Perplexity, and the earlier xAI: outside of `completion_tokens`
                usage("outer_reasoning_tokens", "reasoning_tokens"),
                usage("citation_tokens", "citation_tokens"),
                usage("search_count", "num_search_queries"),
                tokens("page_count", "*.usage_info.pages_processed"),
                Column("audio_seconds", Type.QUANTITY, ("*.usage.prompt_audio_seconds", "*.usage.seconds"), minimum=0),
                tokens("image_count", "image_count", "request.n"),
                Column("cost", Type.JSON, ("*.usage.cost", "*.usage.estimated_cost")),
                Column("is_byok", Type.BOOLEAN, ("*.usage.is_byok",)),
                Column("upstream_cost", Type.FLOAT_MONEY, ("*.usage.cost_details.upstream_inference_cost",)),
            ),
        ),
    ),
)

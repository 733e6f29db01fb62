"""What traces call the providers of models."""

PROVIDERS = {
    "aws.bedrock": "aws", "bedrock": "aws", "aws": "aws", "amazon_bedrock": "aws",
    "azure.ai.openai": "azure", "az.ai.openai": "azure", "azure.ai.inference": "azure", "az.ai.inference": "azure",
    "azure": "azure",
    "gcp.gemini": "google", "gcp.vertex_ai": "google", "gcp.gen_ai": "google", "vertex_ai": "google",
    "vertexai": "google", "gemini": "google", "google_genai": "google", "google.generative-ai": "google",
    "google.vertex": "google",
    "mistral_ai": "mistral", "mistralai": "mistral",
    "x_ai": "x-ai", "xai": "x-ai",
    "moonshot_ai": "moonshotai",
    "together_ai": "together", "togetherai": "together",
    # the Vercel AI SDK adds what the model does: `openai.responses`
    "amazon-bedrock": "aws", "azure-openai*": "azure", "azure.*": "azure", "google.*": "google",
    "anthropic.*": "anthropic", "openai.*": "openai", "mistral.*": "mistral", "xai.*": "x-ai", "groq.*": "groq",
    "cohere.*": "cohere", "deepseek.*": "deepseek", "togetherai.*": "together",
}  # fmt: skip
"""What instrumentations call a provider → its id in the price catalogue; others stay as they are."""

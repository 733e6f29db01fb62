{#
    What a Gemini answer used, from its `usageMetadata`, as the overlapping counts that disjoint_tokens() takes. Over rows
    with prompt_tokens, tool_use_tokens, cached_tokens, candidates_tokens, thoughts_tokens and the lists of modalities as
    JSON text: prompt_details, tool_use_details, cached_details, candidates_details.
#}
{% macro gemini_usage(logged) -%}
    {% set lists = {
        'prompt': 'prompt_details', 'tool_use': 'tool_use_details', 'cached': 'cached_details', 'answer': 'candidates_details'
    } %}
    select
        *,
        -- "total = prompt + candidates + tool_use_prompt + thoughts" (python-genai, types.py, total_token_count)
        coalesce(prompt_tokens, 0) + coalesce(tool_use_tokens, 0) as all_input_tokens,
        -- promptTokenCount "includes the number of tokens in the cached content" (python-genai, types.py)
        coalesce(cached_tokens, 0) as all_cache_read_tokens,
        case when cached_details is not null then cached_audio_tokens end as stated_cache_read_audio_tokens,
        -- a page of a document is billed as an image (genai-prices, data.py, google)
        case when cached_details is not null then cached_image_tokens + cached_document_tokens end
            as stated_cache_read_image_tokens,
        -- Gemini bills a cache by the hour that it is kept: nothing for writing it
        0 as all_cache_write_tokens,
        prompt_audio_tokens + tool_use_audio_tokens as all_input_audio_tokens,
        prompt_image_tokens + prompt_document_tokens + tool_use_image_tokens + tool_use_document_tokens
            as all_input_image_tokens,
        -- cached video is read at the price of cached text: here only what was not cached
        greatest(prompt_video_tokens + tool_use_video_tokens - cached_video_tokens, 0) as all_input_video_tokens,
        -- thoughts are outside of the candidates, and billed as output
        coalesce(candidates_tokens, 0) + coalesce(thoughts_tokens, 0) as all_output_tokens,
        answer_audio_tokens as all_output_audio_tokens,
        answer_image_tokens + answer_document_tokens as all_output_image_tokens,
        answer_video_tokens as all_output_video_tokens
    from (
        select
            {% for name, list in lists.items() %}
                {% for modality in ('audio', 'image', 'document', 'video') %}
                    {{ listed_count(list, 'modality', modality | upper, 'token_?[cC]ount') }}
                        as {{ name }}_{{ modality }}_tokens,
                {% endfor %}
            {% endfor %}
            *
        from {{ logged }}
    ) as by_modality
{%- endmacro %}

{#
    Token counts that overlap, as OpenAI and all who follow it count, made disjoint: every token in exactly one leaf.

    `counted` has what the provider says, none of it NULL: all_input_tokens, and inside of it all_cache_read_tokens,
    all_cache_write_tokens, all_input_audio_tokens, all_input_image_tokens, all_input_video_tokens; all_output_tokens, and
    inside of it all_output_audio_tokens, all_output_image_tokens, all_output_video_tokens. How many of the cached tokens
    were audio and image (stated_cache_read_audio_tokens, stated_cache_read_image_tokens) may be NULL: then cached tokens
    are text as far as the text of the prompt reaches, which is what a cached prefix begins with.

    The result is `counted` and leaf_<canonical column>, which token_leaves() lists by their canonical names: no leaf is
    negative, and they sum to all_input_tokens and all_output_tokens wherever the parts fit into the whole.
#}
{% macro disjoint_tokens(counted) -%}
    select
        *,
        greatest(all_cache_read_tokens - leaf_cache_read_audio_tokens - leaf_cache_read_image_tokens, 0)
            as leaf_cache_read_tokens,
        greatest(
            all_input_tokens - all_cache_read_tokens - all_cache_write_tokens
            - leaf_input_audio_tokens - leaf_input_image_tokens - leaf_input_video_tokens,
            0
        ) as leaf_uncached_input_tokens,
        greatest(all_output_tokens - all_output_audio_tokens - all_output_image_tokens - all_output_video_tokens, 0)
            as leaf_output_tokens,
        all_output_audio_tokens as leaf_output_audio_tokens,
        all_output_image_tokens as leaf_output_image_tokens,
        all_output_video_tokens as leaf_output_video_tokens
    from (
        select
            *,
            greatest(all_input_audio_tokens - leaf_cache_read_audio_tokens, 0) as leaf_input_audio_tokens,
            greatest(all_input_image_tokens - leaf_cache_read_image_tokens, 0) as leaf_input_image_tokens,
            greatest(
                all_input_video_tokens
                - greatest(cached_beyond_text_tokens - leaf_cache_read_audio_tokens - leaf_cache_read_image_tokens, 0),
                0
            ) as leaf_input_video_tokens
        from (
            select
                *,
                case
                    when stated_cache_read_image_tokens is not null
                        then least(stated_cache_read_image_tokens, all_cache_read_tokens - leaf_cache_read_audio_tokens)
                    else least(
                        greatest(cached_beyond_text_tokens - leaf_cache_read_audio_tokens, 0), all_input_image_tokens
                    )
                end as leaf_cache_read_image_tokens
            from (
                select
                    *,
                    case
                        when stated_cache_read_audio_tokens is not null
                            then least(stated_cache_read_audio_tokens, all_cache_read_tokens)
                        else least(cached_beyond_text_tokens, all_input_audio_tokens)
                    end as leaf_cache_read_audio_tokens
                from (
                    select
                        *,
                        greatest(
                            all_cache_read_tokens
                            - greatest(
                                all_input_tokens - all_cache_write_tokens
                                - all_input_audio_tokens - all_input_image_tokens - all_input_video_tokens,
                                0
                            ),
                            0
                        ) as cached_beyond_text_tokens
                    from {{ counted }}
                ) as measured
            ) as with_cached_audio
        ) as with_cached_image
    ) as with_input_kinds
{%- endmacro %}

{# The leaves that disjoint_tokens found, by their canonical names. #}
{% macro token_leaves() -%}
    {% for leaf in [
        'uncached_input_tokens', 'cache_read_tokens', 'cache_read_audio_tokens', 'cache_read_image_tokens',
        'input_audio_tokens', 'input_image_tokens', 'input_video_tokens',
        'output_tokens', 'output_audio_tokens', 'output_image_tokens', 'output_video_tokens'
    ] -%}
        leaf_{{ leaf }} as {{ leaf }}{{ ', ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

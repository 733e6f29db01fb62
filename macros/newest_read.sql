{#
    Of documents that were read more than once (an invoice, as it was made and as it was paid), what counts.

    relation  a CTE with a row per line of a document in each of its reads, or per document where it has no lines, with:
              kind, document_id  which document; a line that was read by itself has a kind of its own, which sorts after
                                 that of the document, and the document_id that it belongs to
              line_id            which of its lines
              changed_at, state_rank  how far the document has come, by which the newest read is known; not by when it
                                 was loaded, so that an old file that is loaded late changes nothing
              input_id, record_number
    Returns a subquery: the relation's columns, and
              is_document  one row of the newest read, for each kind and document_id
              is_line      one row for each line of the newest read
#}
{% macro newest_read(relation) -%}
(
    select
        *,
        read_rank = 1 and row_number() over (
            partition by kind, document_id order by read_rank, input_id, record_number
        ) = 1 as is_document,
        read_rank = 1 and row_number() over (
            partition by document_id, line_id order by read_rank, kind, input_id, record_number
        ) = 1 as is_line
    from (
        select
            *,
            rank() over (partition by kind, document_id order by changed_at desc, state_rank desc) as read_rank
        from {{ relation }}
    ) as ranked
)
{%- endmacro %}

{#
    A number for the texts that name a conversation: windows sort by a number in half the time that they need for texts.
    Two conversations of one day with the same one are less likely than one in a billion at a hundred thousand a day; it
    is for what is estimated or counted of a conversation, and for no sum of money.

    columns  that name it
    of       the relation that they are of, where there are several
#}
{% macro talk_hash(columns, of=none) -%}
    {{ 'xxhash64' if target.type == 'spark' else 'hash' }}({{ for_each(columns, of ~ '.@' if of else '@') }})
{%- endmacro %}

"""What analysis needs of a prompt, computed while it passes: no text is kept, and no hash can be tried without the key.

The three columns (`source.FINGERPRINTS`) of a raw table that says where its prompts lie (`Table.prompt`):

prompt_fingerprint   HMAC-SHA256 of the normalised prompt, 128 bits in hex: equal prompts have equal ones.
prefix_fingerprints  a chain over the pieces of the prompt, 64 bits each, separated by blanks: two prompts share as many
                     as they share pieces from their beginning. A piece ends with a content block, or after 2,048
                     characters (about 512 tokens), as prompt caches count in blocks.
prompt_similarity    a sketch of the words of the last content block, eight bytes in hex: near duplicates, the same up
                     to it, differ in few bytes, others in nearly all. Digits, punctuation and case do not count.
                     Comparable among rows that one version of DuckDB landed.

A part that holds nothing, or only a gateway's word for a text that it does not tell, is none: unlike prompts would be
alike.

Normalised means: runs of white space, also as JSON escapes it, are one blank. HMAC is RFC 2104, written in SQL, since
no row passes through Python.
"""

import hashlib
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock

import duckdb

from ingest.source import FINGERPRINTS

ATTRIBUTE = "unitcost."
"""What the names of the columns begin with as attributes of a span."""
PIECE = 2048
"""Characters of a piece: about 512 tokens."""
KEY_BYTES = 32
_BLOCK = 64
"""Bytes of a block of SHA-256, to which RFC 2104 pads the key."""
_PLACES = [int.from_bytes(hashlib.sha256(f"place {number}".encode()).digest()[:8]) for number in range(8)]
"""A word that is nearest to a place, by the bits of its hash, gives eight bits of the similarity: texts that share most
words share most of the nearest ones (min-wise hashing)."""

_MACROS = f"""
create or replace temp macro keyed_hash(text) as
    sha256(getvariable('outer_key') || unhex(sha256(getvariable('inner_key') || encode(text))));
create or replace temp macro normalised(text) as
    trim(regexp_replace(text, '(?:\\\\[nrt]|\\s){{2,}}|\\\\[nrt]|[\\t\\n\\r]', ' ', 'g'));
create or replace temp macro message_blocks(message) as
    case
        when json_type(message, '$.content') = 'ARRAY' then list_transform(
            json_extract(message, '$.content[*]'),
            lambda block: coalesce(json_extract_string(message, '$.role'), '') || ' ' || cast(block as varchar)
        )
        else [cast(message as varchar)]
    end;
create or replace temp macro attribute_texts(keys, texts, begin) as array_to_string(list_transform(
    list_sort(list_transform(
        list_filter(
            list_zip(keys, texts),
            lambda pair: starts_with(pair[1], begin) and substr(pair[1], length(begin) + 1, 1) between '0' and '9'
        ),
        lambda pair: {{
            'place': regexp_replace(
                regexp_replace(pair[1], '([0-9]+)', '00000000\\1', 'g'), '0*([0-9]{{9,}})', '\\1', 'g'
            ),
            'text': pair[2]
        }}
    )),
    lambda pair: pair.text
), chr(10));
create or replace temp macro content_blocks(part) as
    case
        when left(ltrim(part), 1) = '[' and json_valid(part)
            then flatten(list_transform(json_extract(part, '$[*]'), lambda message: message_blocks(message)))
        else [part]
    end;
create or replace temp macro is_told(part) as
    regexp_replace(part, '\\s', '', 'g') not in ('', '{{}}', '[]', '""', 'null')
    and not contains(part, 'redacted-by-litellm');
create or replace temp macro prompt_blocks(parts) as list_transform(
    flatten(list_transform(list_filter(parts, lambda part: is_told(part)), lambda part: content_blocks(part))),
    lambda block: normalised(block)
);
create or replace temp macro pieces(block) as
    list_transform(range(0, length(block), {PIECE}), lambda start: substr(block, start + 1, {PIECE}));
create or replace temp macro prefix_chain(blocks) as ltrim(list_reduce(
    flatten(list_transform(blocks, lambda block: pieces(block))),
    lambda chain, piece: chain || ' ' || left(keyed_hash(right(chain, 16) || piece), 16),
    ''
));
create or replace temp macro letters(text) as translate(lower(text), '0123456789.,;:!?"()[]{{}}', '');
create or replace temp macro word_hashes(block, beginning) as
    list_transform(string_split(letters(block), ' '), lambda word: hash(word, beginning));
create or replace temp macro beginning_hash(blocks) as
    hash(letters(array_to_string(blocks[:-2], ' ')), getvariable('word_key'));
create or replace temp macro similarity(hashes) as {
    " || ".join(
        f"right(to_hex(list_min(list_transform(hashes, lambda word: xor(word, {place}::ubigint)))), 2)"
        for place in _PLACES
    )
};
"""


def prepare(con: duckdb.DuckDBPyConnection, home: Path) -> None:
    """Give a connection the key of a warehouse, and the functions that use it."""
    key = _key(home)
    if con.sql("select getvariable('word_key')").fetchall() == [(key.hex(),)]:
        return  # a connection reads many files, all with this key
    for variable, value in (
        ("inner_key", "".join(f"\\x{byte ^ 0x36:02x}" for byte in key.ljust(_BLOCK, b"\0"))),
        ("outer_key", "".join(f"\\x{byte ^ 0x5C:02x}" for byte in key.ljust(_BLOCK, b"\0"))),
    ):
        con.execute(f"set variable {variable} = '{value}'::blob")
    con.execute(f"set variable word_key = '{key.hex()}'")
    con.execute(_MACROS)


def with_columns(relation: str, parts: str) -> str:
    """SQL of a relation with the three columns.

    Args:
        parts: SQL of the list of texts that make up a prompt, in their order; each may be NULL.
    """
    return f"""
        select
            * exclude (blocks, beginning, words),
            left(keyed_hash(array_to_string(blocks, chr(31))), 32) as prompt_fingerprint,
            prefix_chain(blocks) as prefix_fingerprints,
            similarity(words) as prompt_similarity
        from (
            select *, word_hashes(blocks[-1], beginning) as words
            from (
                select *, beginning_hash(blocks) as beginning
                from (select *, nullif(prompt_blocks({parts}), []) as blocks from ({relation}))
            )
        )
    """


class PromptFingerprints:
    """The same fingerprints of one prompt, as attributes of the span that it was stripped from."""

    def __init__(self, home: Path) -> None:
        self._con = duckdb.connect()
        self._one_at_a_time = Lock()
        prepare(self._con, home)
        kept = ", ".join(column.name for column in FINGERPRINTS)
        self._select = f"select {kept} from ({with_columns('select cast(? as varchar[]) as texts', 'texts')})"

    def __call__(self, texts: Sequence[str]) -> dict[str, str]:
        """Attributes by key, for the texts that make up a prompt."""
        with self._one_at_a_time:
            (values,) = self._con.execute(self._select, [list(texts)]).fetchall()
        return {f"{ATTRIBUTE}{column.name}": value for column, value in zip(FINGERPRINTS, values, strict=True)}


def _key(home: Path) -> bytes:
    """The key of a warehouse, made when it is first needed: 32 random bytes that only their owner can read.

    Raises:
        ValueError: it is damaged.
    """
    path = home / "fingerprint.key"
    if not path.exists():
        with NamedTemporaryFile("w", dir=home, prefix=".new-") as new:  # readable by its owner alone
            new.write(secrets.token_hex(KEY_BYTES))
            new.flush()
            os.fsync(new.fileno())
            with suppress(FileExistsError):  # somebody else has made it meanwhile
                os.link(new.name, path)
    try:
        key = bytes.fromhex(path.read_text().strip())
    except ValueError as error:
        raise ValueError(f"{path} is no key: {error}") from error
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path} is no key: it has {len(key)} bytes, not {KEY_BYTES}")
    return key

"""OTLP in: frames are told from text and counted, both encodings say the same, and content stays out."""

import base64
import binascii
import contextlib
import gzip
import json
import struct
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest as Request
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from ingest import otlp
from ingest.files import RefusedError, inspect
from ingest.fingerprints import PromptFingerprints
from ingest.inputs import ingest_files
from ingest.landing import Landed
from ingest.ledger import Ledger
from ingest.records import count_agrees, readable
from ingest.source import FINGERPRINTS, Column, Sample, Source, Table, Type
from ingest.sources import otel
from ingest.sources.otel import ATTRIBUTES
from tests.conftest import landed_rows

CANARY = "the patient in room 12 is called"


def attribute(key: str, value: str | int) -> KeyValue:
    return KeyValue(
        key=key, value=AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=value)
    )


def request(*spans: Span, resource: tuple[KeyValue, ...] = ()) -> Request:
    return Request(
        resource_spans=[
            ResourceSpans(resource=Resource(attributes=resource), scope_spans=[ScopeSpans(spans=spans)]),
        ]
    )


def call(number: int, *attributes: KeyValue) -> Span:
    return Span(
        trace_id=number.to_bytes(16, "big"),
        span_id=number.to_bytes(8, "big"),
        name="chat gpt-5",
        kind=Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=1_791_380_817_000_000_000 + number,
        end_time_unix_nano=1_791_380_822_900_000_000 + number,
        attributes=attributes,
    )


def framed(*messages: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(message)) + message for message in messages)


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(data)
    return sink.getvalue().to_pybytes()


def lines(con: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    file = inspect(path)
    with readable(con, file) as records:
        found = [line for _, line in con.sql(f"{records.relation} order by 1").fetchall()]
        assert count_agrees(con, file, records, len(found)) == len(found)
    return found


# ---- files of the collector


MESSAGES = [
    request(call(number, attribute("gen_ai.usage.input_tokens", 2**60 + number))).SerializeToString()
    for number in range(1, 301)
]


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress, zstd], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize("each", [lambda data: data, zstd], ids=["messages", "compressed messages"])
def test_a_framed_file_is_read_as_one_json_line_a_message(
    tmp_path: Path,
    con: duckdb.DuckDBPyConnection,
    pack: Callable[[bytes], bytes],
    each: Callable[[bytes], bytes],
) -> None:
    path = tmp_path / "traces.proto"
    path.write_bytes(pack(framed(*map(each, MESSAGES))))
    file = inspect(path)
    assert (file.format, file.line_count) == ("otlp", 300)
    (span,) = json.loads(lines(con, path)[6])["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert span == {
        "traceId": "00000000000000000000000000000007",
        "spanId": "0000000000000007",
        "name": "chat gpt-5",
        "kind": 3,
        "startTimeUnixNano": "1791380817000000007",
        "endTimeUnixNano": "1791380822900000007",
        "attributes": [{"key": "gen_ai.usage.input_tokens", "value": {"intValue": "1152921504606846983"}}],
    }


def test_json_that_the_collector_compressed_is_framed_too(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    message = '{"resourceSpans": [\n {"schemaUrl": "é"}]}'
    path = tmp_path / "traces.json"
    path.write_bytes(framed(zstd(message.encode()), zstd(message.encode())))
    assert [json.loads(line) for line in lines(con, path)] == [json.loads(message)] * 2


def test_a_file_of_many_megabytes_is_split_where_its_messages_end(tmp_path: Path) -> None:
    big = request(call(1, attribute("note", "x" * 3_000_000))).SerializeToString()
    path = tmp_path / "traces.proto"
    path.write_bytes(framed(*[big, MESSAGES[0]] * 3))
    assert inspect(path).line_count == 6


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (framed(*MESSAGES[:3])[:-1], "truncated.*in the middle of message 3"),
        (framed(*MESSAGES[:3]) + b"\0\0", "truncated.*in the middle of message 4"),
        (framed(MESSAGES[0], b"\x0a\xff\xff\xff\xff\x0f"), "not a protobuf"),
        (framed(MESSAGES[0]) + b"\xff" * 4, "length of 4,294,967,295 bytes"),
        (framed(zstd(MESSAGES[0])[:-4]), "message 1 is damaged"),
        (framed(zstd(b"\0" * (65 << 20))), "unpacks to more than 64 MiB"),
        (framed(zstd(b'{"a": "\xff"}')), "not UTF-8"),
        (gzip.compress(framed(*MESSAGES), mtime=0)[:-9], "ends in the middle"),
    ],
    ids=["torn", "torn length", "no message", "no length", "torn zstd", "bomb", "latin-1", "torn gzip"],
)
def test_a_framed_file_that_cannot_be_trusted_is_refused_with_a_reason(
    tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "traces.proto"
    path.write_bytes(content)
    with pytest.raises(RefusedError, match=says):
        inspect(path)


def test_a_message_too_long_for_a_line_is_refused(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    path = tmp_path / "traces.proto"
    path.write_bytes(framed(request(call(1, attribute("note", "x" * (17 << 20)))).SerializeToString()))
    with pytest.raises(RefusedError, match="message 1 is longer than 16 MiB"), readable(con, inspect(path)):
        pass


@given(st.text(min_size=1).map(str.encode) | st.binary(min_size=5).filter(lambda data: data[0] > 4))
def test_no_text_is_taken_for_frames(head: bytes) -> None:
    assert not otlp.is_framed(head) or head[0] <= 4


@pytest.mark.parametrize("name", ["plain", "framed"])
def test_a_source_lands_the_same_from_json_lines_and_from_frames(
    tmp_path: Path, con: duckdb.DuckDBPyConnection, name: str
) -> None:
    path = tmp_path / name
    json_lines = b"".join(otlp.line(message) + b"\n" for message in MESSAGES)
    path.write_bytes(json_lines if name == "plain" else framed(*MESSAGES))
    home = tmp_path / "home"
    home.mkdir()
    source = Source("fake", "", (Table(
        shape="requests", formats=("jsonl", "otlp"), date="at", recognises=_has_spans,
        columns=(Column("spans", Type.JSON, ("resourceSpans",), required=True),
                 Column("at", Type.TIMESTAMP, constant="2026-10-07T00:00:00Z"),
                 Column("provider", constant="openai"), Column("model", constant="gpt-5")),
    ),))  # fmt: skip
    with Ledger(home) as ledger:
        (outcome,) = ingest_files(con, ledger, [path], home=home, sources={"fake": source})
    assert (outcome.state, outcome.record_count, outcome.landed_count) == ("landed", 300, 300)
    landed = con.sql(f"select spans, record_hash from '{home}/landing/fake__requests/**/*.parquet' order by 1")
    assert [json.loads(spans) for spans, _ in landed.fetchall()] == sorted(
        (json.loads(line)["resourceSpans"] for line in json_lines.splitlines()), key=json.dumps
    )


def _has_spans(sample: Sample) -> bool:
    return any("resourceSpans" in record for record in sample.records)


# ---- both encodings

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.one_of(
        st.builds(AnyValue),
        st.builds(AnyValue, string_value=text),
        st.builds(AnyValue, bool_value=st.booleans()),
        st.builds(AnyValue, int_value=st.integers(-(2**63), 2**63 - 1)),
        st.builds(AnyValue, double_value=st.floats(allow_nan=False)),
        st.builds(AnyValue, bytes_value=st.binary(max_size=9)),
    ),
    lambda inner: st.one_of(
        st.builds(AnyValue, array_value=st.builds(ArrayValue, values=st.lists(inner, max_size=3))),
        st.builds(
            AnyValue,
            kvlist_value=st.builds(
                KeyValueList, values=st.lists(st.builds(KeyValue, key=text, value=inner), max_size=3)
            ),
        ),
    ),
    max_leaves=4,
)
KEYS = ["kept", "kept.too", "secret", "gen_ai.prompt"]
attributes = st.lists(st.builds(KeyValue, key=st.sampled_from(KEYS) | text, value=values), max_size=4)
times = st.integers(0, 2**64 - 1)
ids = {"trace_id": st.binary(min_size=16, max_size=16), "span_id": st.binary(min_size=8, max_size=8)}
spans = st.builds(
    Span,
    **ids,
    trace_state=text,
    parent_span_id=st.just(b"") | ids["span_id"],
    flags=st.integers(0, 2**32 - 1),
    name=text,
    kind=st.integers(0, 5),
    start_time_unix_nano=times,
    end_time_unix_nano=times,
    attributes=attributes,
    dropped_attributes_count=st.integers(0, 2**32 - 1),
    events=st.lists(st.builds(Span.Event, time_unix_nano=times, name=text, attributes=attributes), max_size=2),
    links=st.lists(st.builds(Span.Link, **ids, attributes=attributes), max_size=2),
    status=st.none() | st.builds(Status, message=text, code=st.integers(0, 2)),
)
requests = st.builds(
    Request,
    resource_spans=st.lists(
        st.builds(
            ResourceSpans,
            resource=st.none() | st.builds(Resource, attributes=attributes),
            scope_spans=st.lists(st.builds(ScopeSpans, spans=st.lists(spans, max_size=3)), max_size=2),
            schema_url=text,
        ),
        max_size=2,
    ),
)


@given(requests)
def test_what_was_written_as_json_is_what_was_sent_as_protobuf(sent: Request) -> None:
    line = otlp.line(sent.SerializeToString())
    assert b"\n" not in line
    assert otlp.from_json(line) == sent


@given(requests)
def test_json_as_protobufs_own_library_writes_it_is_read_too(sent: Request) -> None:
    assert otlp.from_json(json_format.MessageToJson(sent).encode()) == sent


@given(requests)
def test_what_is_kept_survives_both_encodings_and_is_kept_again(sent: Request) -> None:
    kept = otlp.strip(sent, {"kept", "kept.too"})
    assert otlp.from_json(otlp.to_json(kept)) == kept
    assert otlp.strip(otlp.from_json(otlp.to_json(sent)), {"kept", "kept.too"}) == kept
    assert otlp.strip(kept, {"kept", "kept.too"}) == kept
    found = {
        attribute.key
        for one in kept.resource_spans
        for scope in one.scope_spans
        for span in scope.spans
        for attribute in span.attributes
    }
    assert found <= {"kept", "kept.too"}
    assert otlp.span_count(kept) == otlp.span_count(sent)


def test_numbers_that_json_lacks_are_written_as_protobufs_own_json_does() -> None:
    numbers = [float("inf"), float("-inf"), float("nan")]
    sent = request(Span(attributes=[KeyValue(key="a", value=AnyValue(double_value=number)) for number in numbers]))
    line = otlp.to_json(sent)
    assert b'"Infinity"' in line
    assert b'"-Infinity"' in line
    assert b'"NaN"' in line
    assert otlp.to_json(otlp.from_json(line)) == line


@pytest.mark.parametrize(
    "write", [str.upper, str.lower, lambda text: base64.b64encode(binascii.unhexlify(text)).decode()]
)
def test_ids_are_hex_in_any_case_or_what_protobufs_own_json_makes_of_them(write: Callable[[str], str]) -> None:
    trace, span = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": write(trace), "spanId": write(span), "links": [{"traceId": write(trace), "spanId": write(span)}],
    }]}]}]}  # fmt: skip
    read = otlp.from_json(json.dumps(body).encode()).resource_spans[0].scope_spans[0].spans[0]
    assert (read.trace_id.hex(), read.span_id.hex()) == (trace, span)
    assert (read.links[0].trace_id.hex(), read.links[0].span_id.hex()) == (trace, span)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe{", b"[" * 100_000, b'{"a":' * 100_000,
        b'{"resourceSpans": {"a": 1}}',
        b'{"resourceSpans": [{"resource": "x"}]}',
        b'{"resourceSpans": [1]}', b'{"resourceSpans": 7}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "no hex"}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": 5}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"startTimeUnixNano": "soon"}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"startTimeUnixNano": 1.5}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"startTimeUnixNano": -1}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"startTimeUnixNano": 1e999}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"kind": "NO_KIND"}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": 5}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "\\ud800"}]}]}]}',
    ],
)  # fmt: skip
def test_json_that_is_no_request_is_called_malformed_and_not_quoted(body: bytes) -> None:
    with pytest.raises(otlp.MalformedError) as caught:
        otlp.from_json(body)
    assert "soon" not in str(caught.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["resourceSpans", "scopeSpans", "spans", "traceId", "attributes", "key", "value", "intValue"]
                ),
                inner,
                max_size=3,
            )
        ),
    )
)
def test_any_json_is_a_request_or_malformed(content: object) -> None:
    with contextlib.suppress(otlp.MalformedError):
        otlp.from_json(json.dumps(content).encode())


@given(st.binary())
def test_any_bytes_are_a_request_or_malformed(body: bytes) -> None:
    with contextlib.suppress(otlp.MalformedError):
        otlp.from_protobuf(body)


def test_fields_that_we_do_not_know_are_ignored() -> None:
    assert otlp.from_json(b'{"resourceSpans": [{"new": {"a": [1]}}], "later": 1}') == Request(
        resource_spans=[ResourceSpans()]
    )


# ---- what may be kept


def test_content_is_dropped_wherever_it_hides() -> None:
    hidden = attribute("gen_ai.prompt", CANARY)
    sent = request(
        Span(
            name="n" * 300 + CANARY,
            trace_state=CANARY,
            attributes=[hidden, attribute("gen_ai.request.model", "gpt-5")],
            events=[Span.Event(name=CANARY, attributes=[hidden])],
            links=[Span.Link(trace_state=CANARY, attributes=[hidden])],
            status=Status(message=CANARY, code=Status.STATUS_CODE_ERROR),
        ),
        resource=(hidden, attribute("service.name", "support-bot")),
    )
    (of_scope,) = sent.resource_spans[0].scope_spans
    of_scope.schema_url = sent.resource_spans[0].schema_url = CANARY
    of_scope.scope.attributes.append(hidden)
    sent.resource_spans[0].resource.entity_refs.add(schema_url=CANARY, type=CANARY, id_keys=[CANARY])
    kept = otlp.strip(sent, ATTRIBUTES)
    assert CANARY.encode() not in kept.SerializeToString()
    (span,) = kept.resource_spans[0].scope_spans[0].spans
    assert span.name == "n" * 256
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert [one.key for one in span.attributes] == ["gen_ai.request.model"]
    assert [one.key for one in kept.resource_spans[0].resource.attributes] == ["service.name"]


def test_a_field_of_a_later_version_does_not_slip_through() -> None:
    later = b"\xfa\x07" + bytes([len(CANARY)]) + CANARY.encode()  # field 127, a text
    sent = Request.FromString(request(Span.FromString(later)).SerializeToString())
    assert CANARY.encode() in sent.SerializeToString()
    assert CANARY.encode() not in otlp.strip(sent, ATTRIBUTES).SerializeToString()


def test_a_fingerprint_takes_the_place_of_the_texts() -> None:
    messages = [attribute(f"llm.input_messages.{number}.message.content", f"m{number}") for number in (10, 9, 0)]
    sent = request(
        Span(attributes=[*messages, attribute("input.value", "whole"), attribute("print", "forged"),
                         attribute("llm.input_messages_count", 3)]),
        Span(attributes=[attribute("gen_ai.request.model", "gpt-5")]),
    )  # fmt: skip
    kept = otlp.strip(
        sent,
        {"print", "gen_ai.request.model"},
        content=("llm.input_messages.*", "input.value"),
        fingerprint=lambda texts: {"print": "|".join(texts)},
    )
    first, second = kept.resource_spans[0].scope_spans[0].spans
    assert [(one.key, one.value.string_value) for one in first.attributes] == [("print", "m0\nm9\nm10|whole")]
    assert [one.key for one in second.attributes] == ["gen_ai.request.model"]


def test_of_a_list_that_may_hold_texts_its_length_is_kept() -> None:
    documents = [AnyValue(string_value=CANARY)] * 3
    sent = request(
        Span(attributes=[attribute("documents", json.dumps([{"content": CANARY}] * 2))]),
        Span(attributes=[KeyValue(key="documents", value=AnyValue(array_value=ArrayValue(values=documents)))]),
        Span(attributes=[attribute("documents", CANARY)]),
        Span(attributes=[attribute("documents", "{}")]),
    )
    kept = otlp.strip(sent, ATTRIBUTES, lists={"documents": "document_count"})
    spans = kept.resource_spans[0].scope_spans[0].spans
    assert [[(one.key, one.value.string_value) for one in span.attributes] for span in spans] == [
        [("document_count", "2")], [("document_count", "3")], [], [],
    ]  # fmt: skip


def test_documents_are_counted_alike_received_and_in_a_file(
    tmp_path: Path, con: duckdb.DuckDBPyConnection, landed: Callable[[Path, str], Landed]
) -> None:
    parts = [attribute(f"retrieval.documents.{number}.document.content", CANARY) for number in range(11)]
    listed = attribute("gen_ai.retrieval.documents", json.dumps([{"id": "a"}, {"id": "a"}]))
    kind = attribute("openinference.span.kind", "RETRIEVER")
    times = {"start_time_unix_nano": 1_791_380_817_000_000_000, "trace_id": b"t" * 16}
    sent = request(
        Span(span_id=b"1" * 8, attributes=[kind, *parts], **times),
        Span(span_id=b"2" * 8, attributes=[kind, listed], **times),
    )
    received = otlp.strip(sent, ATTRIBUTES, counts=otel.USAGE, lists=otel.DOCUMENTS)
    assert CANARY.encode() not in received.SerializeToString()
    counts = []
    for name, message in (("file", sent), ("received", received)):
        path = tmp_path / f"{name}.jsonl"
        path.write_bytes(otlp.to_json(message) + b"\n")
        rows = landed_rows(otel.SOURCE.tables[0], [file.path for file in landed(path, "otel").files])
        told = f"select coalesce(retrieved_chunk_count, document_count) from {rows} order by span_id"
        counts.append(con.sql(told).fetchall())
    assert counts == [[(11,), (2,)]] * 2


def test_a_count_that_nobody_knows_is_kept_and_a_text_by_such_a_name_is_not() -> None:
    counts = ("gen_ai.usage.",)
    sent = request(Span(attributes=[attribute("gen_ai.usage.smell_tokens", 7), attribute("gen_ai.usage.note", CANARY)]))
    (kept,) = otlp.strip(sent, ATTRIBUTES, counts=counts).resource_spans[0].scope_spans[0].spans
    assert list(kept.attributes) == [attribute("gen_ai.usage.smell_tokens", 7)]


@pytest.mark.parametrize(
    "keys",
    [
        ["gen_ai.prompt.10.content", "gen_ai.prompt.9.content", "gen_ai.prompt.0.role"],
        ["llm.input_messages.123456789012.message.content", "llm.input_messages.2.message.content"],
        ["llm.request.functions.1.name", "llm.input_messages.0.message.content", "gen_ai.input.messages"],
    ],
)
def test_flattened_prompts_have_the_same_fingerprint_received_and_in_a_file(
    keys: list[str], tmp_path: Path, con: duckdb.DuckDBPyConnection, landed: Callable[[Path, str], Landed]
) -> None:
    model = attribute("gen_ai.request.model", "gpt-5")
    texts = [attribute(key, f"text {number}") for number, key in enumerate(keys)]
    ids = {"trace_id": b"1" * 16, "span_id": b"12345678", "start_time_unix_nano": 1_790_000_000_000_000_000}
    sent = request(Span(attributes=[*texts, model], **ids))
    (tmp_path / "home").mkdir()
    received = otlp.strip(sent, otel.ATTRIBUTES, content=otel.PROMPT, fingerprint=PromptFingerprints(tmp_path / "home"))
    prints = []
    for name, message in (("file", sent), ("received", received)):
        path = tmp_path / f"{name}.jsonl"
        path.write_bytes(otlp.to_json(message) + b"\n")
        files = [str(file.path) for file in landed(path, "otel").files]
        kept = ", ".join(f"coalesce(received_{one.name}, {one.name})" for one in FINGERPRINTS)
        prints += con.sql(f"select {kept} from {landed_rows(otel.SOURCE.tables[0], files)}").fetchall()
    assert prints[0] == prints[1]
    assert None not in prints[0]


def test_a_text_that_is_a_list_is_fingerprinted_as_json() -> None:
    value = AnyValue(array_value=ArrayValue(values=[AnyValue(string_value="hi")]))
    sent = request(Span(attributes=[KeyValue(key="gen_ai.input.messages", value=value)]))
    kept = otlp.strip(sent, (), content=("gen_ai.input.messages",), fingerprint=lambda texts: {"print": texts[0]})
    (print_,) = kept.resource_spans[0].scope_spans[0].spans[0].attributes
    assert json.loads(print_.value.string_value) == {"arrayValue": {"values": [{"stringValue": "hi"}]}}


def test_spans_without_valid_ids_are_dropped_and_counted() -> None:
    good = call(1)
    bad = [
        Span(trace_id=bytes(16), span_id=b"12345678"),
        Span(trace_id=b"1" * 16),
        Span(trace_id=b"1" * 15, span_id=b"12345678"),
    ]
    sent = request(bad[0], good, bad[1], good, bad[2])
    assert otlp.drop_nameless(sent) == 3
    assert list(sent.resource_spans[0].scope_spans[0].spans) == [good, good]

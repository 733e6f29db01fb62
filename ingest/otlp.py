"""OTLP traces in every form they come in: protobuf, JSON, the Collector's framed files; and what of them may be kept.

Protobuf files of the Collector's file exporter are frames: four bytes of length, big-endian, then the message. With
`compression: zstd` each message is compressed by itself, and with `format: json` so is each JSON text.

JSON is OTLP/JSON: protobuf's JSON mapping, but for ids in hex and enums as numbers
(opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding").
"""

import base64
import functools
import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

MAX_MESSAGE_BYTES = 64 << 20
"""A longer message is no batch of spans: the Collector's are a few megabytes."""
MAX_NAME = 256
"""Characters of a span's name that are kept."""
ZSTD = b"\x28\xb5\x2f\xfd"
RESOURCE_SPANS = b"\x0a"
"""The first byte of a request that is not empty: field 1, a message."""
TRACE_ID_BYTES, SPAN_ID_BYTES = 16, 8

Fingerprint = Callable[[Sequence[str]], Mapping[str, str]]
"""From the texts of a prompt, in their order, to the attributes that are kept in their stead."""


class MalformedError(ValueError):
    """Bytes that are not what they should be. The message never quotes them."""


# ---- frames


def is_framed(head: bytes) -> bool:
    """Whether a file begins as the Collector's framed messages do; no text begins with so small a byte."""
    length = int.from_bytes(head[:4], "big")
    return 0 < length <= MAX_MESSAGE_BYTES and (head[4:5] == RESOURCE_SPANS or head[4:8] == ZSTD)


def payloads(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The messages of a framed file, decompressed: protobuf, or JSON where the exporter compressed that.

    Raises:
        MalformedError: the file ends within a message, or a length or a compressed message is none.
    """
    pending, number = b"", 0
    for chunk in chunks:
        pending += chunk
        at = 0
        while len(pending) - at >= 4:  # noqa: PLR2004 - the bytes of a length
            end = at + 4 + int.from_bytes(pending[at : at + 4], "big")
            if end - at - 4 > MAX_MESSAGE_BYTES:
                raise MalformedError(f"message {number + 1:,} has a length of {end - at - 4:,} bytes")
            if end > len(pending):
                break
            number += 1
            yield _unpacked(pending[at + 4 : end], number)
            at = end
        pending = pending[at:]
    if pending:
        raise MalformedError(f"the file is truncated: it ends in the middle of message {number + 1:,}")


def _unpacked(payload: bytes, number: int) -> bytes:
    if not payload.startswith(ZSTD):
        return payload
    try:
        with pa.CompressedInputStream(pa.BufferReader(payload), "zstd") as stream:
            unpacked: bytes = stream.read(MAX_MESSAGE_BYTES + 1)
    except OSError as error:
        raise MalformedError(f"the zstd stream of message {number:,} is damaged") from error
    if len(unpacked) > MAX_MESSAGE_BYTES:
        raise MalformedError(f"message {number:,} unpacks to more than {MAX_MESSAGE_BYTES >> 20} MiB")
    return unpacked


def check(payload: bytes) -> None:
    """Whether a message of a framed file can be read; JSON is judged where its lines are.

    Raises:
        MalformedError: it cannot.
    """
    if payload.startswith(b"{"):
        try:
            payload.decode()
        except UnicodeDecodeError as error:
            raise MalformedError("a message is not UTF-8") from error
    else:
        from_protobuf(payload)


def line(payload: bytes) -> bytes:
    """One message of a framed file as one line of OTLP/JSON, whole, without a line end.

    Raises:
        MalformedError: it is neither.
    """
    if payload.startswith(b"{"):
        check(payload)
        return payload.replace(b"\r", b" ").replace(b"\n", b" ")  # in JSON, only white space holds a bare line end
    return to_json(from_protobuf(payload))


# ---- protobuf and JSON


def from_protobuf(body: bytes) -> ExportTraceServiceRequest:
    """Parse a request from protobuf.

    Raises:
        MalformedError: it is none.
    """
    try:
        request: ExportTraceServiceRequest = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise MalformedError("not a protobuf ExportTraceServiceRequest") from error
    return request


def from_json(body: bytes) -> ExportTraceServiceRequest:
    """Parse a request from OTLP/JSON; fields that we do not know are ignored, as OTLP demands.

    Raises:
        MalformedError: it is none.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedError("not JSON in UTF-8") from error
    try:
        return ExportTraceServiceRequest(**_arguments(ExportTraceServiceRequest.DESCRIPTOR, content))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        # the cause quotes the value, which may be a prompt
        raise MalformedError("not an ExportTraceServiceRequest in OTLP/JSON") from None


def to_json(message: Message) -> bytes:
    """A message of OTLP as one line of OTLP/JSON, without a line end."""
    return json.dumps(_plain(message), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


_Convert = Callable[[Any], Any]
_ids = frozenset({"traceId", "spanId", "parentSpanId"})
_fields: dict[FieldDescriptor, tuple[str, _Convert | None]] = {}
"""The JSON name of every field that was met, and how its value is written: None, as it is."""


def _plain(message: Message) -> dict[str, Any]:
    """A message as what `json` writes. `json_format` does the same at a quarter of the speed, and not OTLP's ids."""
    plain = {}
    for field, value in message.ListFields():
        if field not in _fields:
            _fields[field] = (field.json_name, _converter(field))
        name, convert = _fields[field]
        plain[name] = value if convert is None else convert(value)
    return plain


def _converter(field: FieldDescriptor) -> _Convert | None:
    if field.message_type is not None and field.message_type.full_name == KeyValue.DESCRIPTOR.full_name:
        return _attributes
    one: _Convert | None = None
    if field.message_type is not None:
        one = _plain
    elif field.type == FieldDescriptor.TYPE_BYTES:
        one = bytes.hex if field.json_name in _ids else _base64
    elif field.cpp_type in {FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64}:
        one = str
    elif field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        one = _double
    if not field.is_repeated:
        return one
    if one is None:
        return list
    return functools.partial(_each, one)


def _each(convert: _Convert, values: Iterable[Any]) -> list[Any]:
    return [convert(value) for value in values]


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _arguments(descriptor: Descriptor, content: Any) -> dict[str, Any]:
    """What the constructor of a message takes, from its JSON. `json_format` does the same at a fifth of the speed."""
    if not isinstance(content, dict):
        raise TypeError("not an object")
    readers = _readers(descriptor)
    return {
        readers[name][0]: readers[name][1](value)
        for name, value in content.items()
        if value is not None and name in readers
    }


@functools.cache
def _readers(descriptor: Descriptor) -> dict[str, tuple[str, _Convert]]:
    """The fields of a message by their JSON names, and by their own, which some producers write."""
    return {name: (field.name, _reader(field)) for field in descriptor.fields for name in (field.json_name, field.name)}


def _reader(field: FieldDescriptor) -> _Convert:
    one: _Convert = _as_is
    if field.message_type is not None:
        one = functools.partial(_arguments, field.message_type)
    elif field.enum_type is not None:
        one = functools.partial(_enum, field.enum_type)
    elif field.type == FieldDescriptor.TYPE_BYTES:
        one = _id if field.json_name in _ids else base64.b64decode
    elif field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        one = float
    elif field.cpp_type not in {FieldDescriptor.CPPTYPE_STRING, FieldDescriptor.CPPTYPE_BOOL}:
        one = _whole
    return functools.partial(_list, one) if field.is_repeated else one


def _list(convert: _Convert, values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise TypeError("not a list")
    return [convert(value) for value in values]


def _as_is(value: Any) -> Any:
    return value


def _id(text: Any) -> bytes:
    """Hex, or base64 as protobuf's own JSON has it, which some producers write: 24 or 12 characters, padded."""
    if not isinstance(text, str):
        raise TypeError("not a text")
    return base64.b64decode(text) if text.endswith("=") else bytes.fromhex(text)


def _whole(value: str | float) -> int:
    number = int(value)
    if isinstance(value, float) and number != value:
        raise ValueError("not a whole number")
    return number


def _enum(values: EnumDescriptor, value: str | int) -> int:
    """OTLP has numbers; some producers write the names."""
    return values.values_by_name[value].number if isinstance(value, str) else value


def _attributes(attributes: Iterable[KeyValue]) -> list[dict[str, Any]]:
    """Most of a span is attributes, and most of those are texts and whole numbers: these are written by hand."""
    plain: list[dict[str, Any]] = []
    for attribute in attributes:
        value = attribute.value
        which = value.WhichOneof("value")
        if which == "string_value":
            plain.append({"key": attribute.key, "value": {"stringValue": value.string_value}})
        elif which == "int_value":
            plain.append({"key": attribute.key, "value": {"intValue": str(value.int_value)}})
        else:
            plain.append(_plain(attribute))
    return plain


def _double(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


# ---- what may be kept


def strip(
    request: ExportTraceServiceRequest,
    allowed: Collection[str],
    *,
    counts: tuple[str, ...] = (),
    lists: Mapping[str, str] | None = None,
    content: Sequence[str] = (),
    fingerprint: Fingerprint | None = None,
) -> ExportTraceServiceRequest:
    """A new request of only what is known to be no prompt and no answer.

    Kept are ids, times, kind, flags and status code of a span, its name (cut), the attributes that are allowed, and the
    name of its scope. Events, links, the status message, the trace state and whatever is not named here are not.

    Args:
        allowed: the keys of resource and span attributes that are kept.
        counts: how the keys begin of which numbers are kept, whatever follows: a new kind of usage is none of the
            allowed keys, and a number is no text.
        lists: keys of attributes that are lists, which may hold texts, or numbered as those of `content`, with the key
            under which their length is kept.
        content: keys of attributes that make up a prompt, in their order; `llm.input_messages.*` are all that begin
            so and have a number there, as one text.
        fingerprint: called with the texts of `content` that a span has; what it returns is added to the span in place
            of attributes of the same keys.
    """
    stripped = ExportTraceServiceRequest()
    for resource_spans in request.resource_spans:
        of_resource = stripped.resource_spans.add()
        of_resource.resource.attributes.extend(
            attribute for attribute in resource_spans.resource.attributes if attribute.key in allowed
        )
        for scope_spans in resource_spans.scope_spans:
            of_scope = of_resource.scope_spans.add()
            of_scope.scope.name = scope_spans.scope.name[:MAX_NAME]
            of_scope.scope.version = scope_spans.scope.version[:MAX_NAME]
            for span in scope_spans.spans:
                kept = of_scope.spans.add(
                    trace_id=span.trace_id,
                    span_id=span.span_id,
                    parent_span_id=span.parent_span_id,
                    flags=span.flags,
                    name=span.name[:MAX_NAME],
                    kind=span.kind,
                    start_time_unix_nano=span.start_time_unix_nano,
                    end_time_unix_nano=span.end_time_unix_nano,
                )
                kept.status.code = span.status.code
                instead = _fingerprints(span.attributes, content, fingerprint) if fingerprint else {}
                instead = {**instead, **_lengths(span.attributes, lists or {})}
                kept.attributes.extend(
                    attribute
                    for attribute in span.attributes
                    if (attribute.key in allowed or _is_count(attribute, counts)) and attribute.key not in instead
                )
                for key, value in instead.items():
                    kept.attributes.add(key=key, value=AnyValue(string_value=value))
    return stripped


def drop_nameless(request: ExportTraceServiceRequest) -> int:
    """Drop the spans without a valid trace id and span id, which OTLP calls invalid; return how many."""
    dropped = 0
    for resource_spans in request.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            named = [
                span
                for span in scope_spans.spans
                if len(span.trace_id) == TRACE_ID_BYTES
                and len(span.span_id) == SPAN_ID_BYTES
                and any(span.trace_id)
                and any(span.span_id)
            ]
            if len(named) < len(scope_spans.spans):
                dropped += len(scope_spans.spans) - len(named)
                del scope_spans.spans[:]
                scope_spans.spans.extend(named)
    return dropped


def span_count(request: ExportTraceServiceRequest) -> int:
    """How many spans a request holds."""
    return sum(len(scope.spans) for resource in request.resource_spans for scope in resource.scope_spans)


def _is_count(attribute: KeyValue, begins: tuple[str, ...]) -> bool:
    return attribute.key.startswith(begins) and attribute.value.WhichOneof("value") in {"int_value", "double_value"}


def _lengths(attributes: Sequence[KeyValue], lists: Mapping[str, str]) -> dict[str, str]:
    """How many elements the lists have: lists, their JSON, as most languages write them, or numbered keys."""
    lengths = {}
    for pattern, kept_as in lists.items():
        named = _named(attributes, pattern)
        if pattern.endswith(".*"):
            numbers = {one.key.removeprefix(pattern[:-1]).partition(".")[0] for one in named}
            length = len(numbers) or None
        else:
            length = next(map(_length, named), None)
        if length is not None:
            lengths[kept_as] = str(length)
    return lengths


def _length(attribute: KeyValue) -> int | None:
    value = attribute.value
    if value.WhichOneof("value") == "array_value":
        return len(value.array_value.values)
    try:
        elements = json.loads(value.string_value)
    except (ValueError, RecursionError):
        return None
    return len(elements) if isinstance(elements, list) else None


def _named(attributes: Iterable[KeyValue], pattern: str) -> list[KeyValue]:
    """Attributes of a key, or the numbered ones that begin so: `gen_ai.prompt.*` has no `gen_ai.prompt.version`."""
    if not pattern.endswith(".*"):
        return [one for one in attributes if one.key == pattern]
    begin = pattern[:-1]
    return [one for one in attributes if one.key.startswith(begin) and one.key[len(begin) :][:1].isdigit()]


def _fingerprints(
    attributes: Iterable[KeyValue], content: Sequence[str], fingerprint: Fingerprint
) -> Mapping[str, str]:
    texts = []
    for pattern in content:
        named = _named(attributes, pattern)
        if pattern.endswith(".*"):
            named.sort(key=_by_number)
        if named:
            texts.append("\n".join(_text(one.value) for one in named))
    return fingerprint(texts) if texts else {}


def _by_number(attribute: KeyValue) -> str:
    """So that message 10 comes after message 9, whatever order the attributes came in."""
    return re.sub("[0-9]+", lambda number: number[0].zfill(9), attribute.key)


def _text(value: AnyValue) -> str:
    return value.string_value if value.WhichOneof("value") == "string_value" else to_json(value).decode()

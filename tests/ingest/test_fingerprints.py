"""Fingerprints tell prompts apart and together, and nothing else."""

import hashlib
import hmac
import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.fingerprints import PIECE, PromptFingerprints

KEY = bytes(range(32))
NOTHING = ("", "{}", "[]", '""', "null")
Message = dict[str, object]


@pytest.fixture(scope="module")
def fingerprints(tmp_path_factory: pytest.TempPathFactory) -> PromptFingerprints:
    return PromptFingerprints(home(tmp_path_factory.mktemp("home")))


def home(folder: Path) -> Path:
    (folder / "fingerprint.key").write_text(KEY.hex())
    return folder


def keyed(text: str) -> str:
    return hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()


def of(fingerprints: PromptFingerprints, *messages: Message | str) -> tuple[str, list[str], int]:
    """Fingerprint, chain and likeness of one prompt."""
    listed = [message for message in messages if isinstance(message, dict)]
    texts = [message for message in messages if isinstance(message, str)]
    found = fingerprints([*texts, *([json.dumps(listed)] if listed else [])])
    return (
        found["unitcost.prompt_fingerprint"],
        found["unitcost.prefix_fingerprints"].split(),
        int(found["unitcost.prompt_similarity"], 16),
    )


def user(text: str) -> Message:
    return {"role": "user", "content": text}


@pytest.mark.parametrize("text", [*NOTHING, " ", "\n{ }\t"])
def test_a_text_that_holds_nothing_is_no_prompt(fingerprints: PromptFingerprints, text: str) -> None:
    assert set(fingerprints([text]).values()) == {None}


@settings(max_examples=50, deadline=None)
@given(
    text=st.text(
        st.sampled_from(" \t\n\r") | st.characters(categories=["L", "N", "P", "S"], exclude_characters="\\["),
        min_size=1,
    ).filter(lambda text: "".join(text.split()) not in NOTHING)
)
def test_the_fingerprint_is_the_hmac_of_the_text_with_its_white_space_folded(
    fingerprints: PromptFingerprints, text: str
) -> None:
    folded = re.sub(r"[\t\n\f\r ]{2,}|[\t\n\r]", " ", text).strip(" ")
    assert of(fingerprints, text)[0] == keyed(folded)[:32]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 3 * PIECE), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_prompts_share_as_many_prefixes_as_pieces(
    fingerprints: PromptFingerprints, lengths: list[int], chance: random.Random
) -> None:
    """A conversation that grows keeps the chain that it had; one whose first message differs shares nothing."""
    messages = [user("".join(chance.choices("abcdefgh", k=length))) for length in lengths]
    chain = of(fingerprints, *messages)[1]
    assert len(chain) == sum(-(-len(json.dumps(message, separators=(",", ":"))) // PIECE) for message in messages)
    assert of(fingerprints, *messages, user("and then?"))[1][:-1] == chain
    assert not set(of(fingerprints, user("else"), *messages)[1]) & set(chain)


def test_a_piece_ends_with_a_content_block(fingerprints: PromptFingerprints) -> None:
    blocks = [{"type": "text", "text": "a" * 10}, {"type": "text", "text": "b" * 10}]
    grown = [*blocks, {"type": "text", "text": "c"}]
    chain = of(fingerprints, {"role": "user", "content": blocks})[1]
    assert len(chain) == 2
    assert of(fingerprints, {"role": "user", "content": grown})[1][:2] == chain


def test_prompts_are_alike_only_after_the_same_beginning(fingerprints: PromptFingerprints) -> None:
    """Instructions that all prompts of a feature share do not make their questions alike."""
    chance = random.Random(9)  # noqa: S311 - texts, not secrets
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(3000)]

    def likeness(instructions: str, question: str) -> str:
        return f"{of(fingerprints, {'role': 'system', 'content': instructions}, user(question))[2]:016x}"

    for _ in range(40):
        instructions, question, other = (" ".join(chance.choices(words, k=count)) for count in (500, 20, 20))
        asked = likeness(f"{instructions}, on 7 May", question)
        assert likeness(f"{instructions.upper()}; on 12 May", f"{question}?") == asked
        for unlike in (likeness(f"{instructions} on May", other), likeness(f"now {instructions} on May", question)):
            assert sum(asked[byte : byte + 2] != unlike[byte : byte + 2] for byte in range(0, 16, 2)) > 2


def test_near_duplicates_differ_in_few_bits_and_others_in_many(fingerprints: PromptFingerprints) -> None:
    chance = random.Random(7)  # noqa: S311 - texts, not secrets
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 9))) for _ in range(3000)]
    same, near, other = [], [], []
    for _ in range(60):
        text = [*chance.choices(words, k=250), "order", "17", "of", "Maria"]
        likeness = of(fingerprints, " ".join(text))[2]
        respelt = "  ".join(text).replace("17", "99,5").upper()
        renamed = " ".join(text).replace("Maria", "Giuseppe")
        same.append((likeness ^ of(fingerprints, respelt)[2]).bit_count())
        near.append((likeness ^ of(fingerprints, renamed)[2]).bit_count())
        other.append((likeness ^ of(fingerprints, " ".join(chance.choices(words, k=250)))[2]).bit_count())
    assert max(same) == 0
    assert sum(bits <= 8 for bits in near) >= 57
    assert sum(bits > 16 for bits in other) >= 57


def test_fingerprints_of_two_warehouses_have_nothing_in_common(
    fingerprints: PromptFingerprints, tmp_path: Path
) -> None:
    theirs = of(PromptFingerprints(tmp_path), "how are you today")
    ours = of(fingerprints, "how are you today")
    assert all(one != other for one, other in zip(ours, theirs, strict=True))
    assert (tmp_path / "fingerprint.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text", ["", " ", "{}", "[]", " [ ]", '""', '[{"role": "user", "content": "redacted-by-litellm"}]']
)
def test_what_tells_no_prompt_has_no_fingerprint(fingerprints: PromptFingerprints, text: str) -> None:
    assert set(fingerprints([]).values()) == {None}
    assert set(fingerprints([text]).values()) == {None}
    assert fingerprints([text, "x"]) == fingerprints(["x"])


def test_a_key_that_is_damaged_is_an_error(tmp_path: Path) -> None:
    for damaged in ("", "07" * 31, "x"):
        (tmp_path / "fingerprint.key").write_text(damaged)
        with pytest.raises(ValueError, match=r"fingerprint\.key is no key"):
            PromptFingerprints(tmp_path)


def test_the_key_is_made_once(tmp_path: Path) -> None:
    assert of(PromptFingerprints(tmp_path), "x y") == of(PromptFingerprints(tmp_path), "x y")

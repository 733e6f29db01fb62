"""What went wrong in a store of a cloud provider, in one line that says what to do and tells no secret."""

import os
import re
from typing import Final

import pyarrow as pa

from ingest.files import RefusedError

CREDENTIALS: Final = {
    "s3": "AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS or gcloud auth application-default login",
    "abfss": "AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET, or az login",
}
"""The schemes of the stores that are read, and where the file system of each looks for who may read."""
STORE_ERRORS: Final = (OSError, pa.ArrowException)
"""What a file system of pyarrow raises."""
SHOWN = 240
"""Characters of what a store says that are shown: Google says the same thing three times."""
SECRET_LENGTH = 8
"""Shorter values of the environment open nothing, and stand in any text by chance."""

_KINDS: Final = (
    (
        "NO_SUCH_BUCKET|bucket does not exist|ContainerNotFound",
        "there is no such bucket",
        "check its name, and the region or endpoint",
    ),
    (
        "PermanentRedirect|AuthorizationHeaderMalformed|status 301",
        "the bucket is in another region",
        "set AWS_REGION to its own",
    ),
    (
        (
            "ACCESS_DENIED|INVALID_ACCESS_KEY_ID|SIGNATURE_DOES_NOT_MATCH|ExpiredToken|REQUEST_TIME_TOO_SKEWED"
            "|PERMISSION_DENIED|UNAUTHENTICATED|OAuth2 access token"
            "|AuthorizationPermissionMismatch|AuthenticationFailed|AuthenticationException"
            "|status (code: )?40[13]|rrno 13]"
        ),
        "the store gives no permission ({said})",
        "let it be listed and read; credentials: {credentials}",
    ),
    (
        "rrno 2]",
        "the object is gone, or its bucket",
        "check the address; run again if it was replaced",
    ),
    (
        "NETWORK_CONNECTION|resolve host|connect to|timed out|REQUEST_TIMEOUT|DEADLINE_EXCEEDED",
        "the store cannot be reached ({said})",
        "check the network, the region and the endpoint",
    ),
    (
        (
            "SLOW_DOWN|THROTTLING|TOO_MANY_REQUESTS|SERVICE_UNAVAILABLE|INTERNAL_FAILURE|UNAVAILABLE|ServerBusy"
            "|status (code: )?(429|5[0-9][0-9])"
        ),
        "the store is too busy ({said})",
        "run again later: what landed is not read again",
    ),
    # an expired token, say, where S3 answers with a bare 400
    ("", "the store answers: {said}", "check the address, the region and {credentials}"),
)
"""What AWS, Google and Azure say, as a pattern; what is wrong; what to do. Their words are no interface of theirs."""


def explained(error: Exception, scheme: str) -> RefusedError:
    """What is wrong, and what to do; with the store's own words where they may tell more."""
    text = " ".join(_without_secrets(str(error)).split())
    said = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    problem, fix = next((problem, fix) for pattern, problem, fix in _KINDS if re.search(pattern, text))
    return RefusedError(problem.format(said=said), fix.format(credentials=CREDENTIALS[scheme]))


def _without_secrets(text: str) -> str:
    """A store's words without what a variable of the environment keeps: an endpoint may have a password in it."""
    for name, value in os.environ.items():
        if re.search(r"KEY|SECRET|TOKEN|PASSWORD", name) and len(value) >= SECRET_LENGTH:
            text = text.replace(value, "…")
    return re.sub(r"//[^/@\s]+@", "//…@", text)

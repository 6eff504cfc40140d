"""A bucket of S3, or of a storage that speaks like it, as a place. An object is there whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.contracts.settings.publishing import S3Place
from pipelines.publish.delivery.places import PlaceError, Secrets, secret

_BLOCK = 1 << 20
_TIMEOUT_SECONDS = 30
_NOT_THERE = {"404", "NoSuchKey", "NotFound"}
_REFUSED = {"403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "AccountProblem"}
_PASSING = {
    "500",
    "502",
    "503",
    "504",
    "InternalError",
    "ServiceUnavailable",
    "SlowDown",
    "RequestTimeout",
    "Throttling",
    "OperationAborted",
}


@contextmanager
def open_bucket(settings: S3Place, secrets: Secrets) -> Iterator[_Bucket]:
    """A client of the bucket; nothing is asked before the first file."""
    import boto3  # a fifth of a second, and only where a bucket is
    from botocore.config import Config

    client = boto3.session.Session().client(
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=secret(secrets, settings.access_key_variable),
        aws_secret_access_key=secret(secrets, settings.secret_key_variable),
        config=Config(
            retries={"total_max_attempts": 1},  # tries are counted and told in one place, above
            connect_timeout=_TIMEOUT_SECONDS,
            read_timeout=_TIMEOUT_SECONDS,
            s3={"addressing_style": "auto" if settings.endpoint is None else "path"},
            # checksums of the newest protocol are not known to every storage; what arrived is read back
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    try:
        yield _Bucket(client, settings)
    finally:
        client.close()


class _Bucket:
    def __init__(self, client: Any, settings: S3Place) -> None:
        self._client, self._settings = client, settings

    def sha256(self, name: str) -> str | None:
        # who may not list a bucket is told "forbidden" of what is not there
        return self._digest(name, absent=_NOT_THERE | {"403", "AccessDenied"})

    def put(self, path: Path, name: str, digest: str) -> None:
        from boto3.s3.transfer import TransferConfig

        with _told(self._settings):
            self._client.upload_file(str(path), self._settings.bucket, self._key(name), Config=TransferConfig(use_threads=False))
        if self._digest(name, absent=_NOT_THERE) != digest:
            with _told(self._settings):
                self._client.delete_object(Bucket=self._settings.bucket, Key=self._key(name))
            raise PlaceError(f"{Path(name).name} arrived changed and was deleted there", "look at the storage", may_pass=True)

    def _key(self, name: str) -> str:
        return "/".join(part for part in (self._settings.prefix.strip("/"), name) if part)

    def _digest(self, name: str, absent: set[str]) -> str | None:
        from botocore.exceptions import ClientError

        digest = hashlib.sha256()
        with _told(self._settings):
            try:
                body = self._client.get_object(Bucket=self._settings.bucket, Key=self._key(name))["Body"]
            except ClientError as error:
                if _code(error) in absent:
                    return None
                raise
            for block in body.iter_chunks(_BLOCK):
                digest.update(block)
        return digest.hexdigest()


@contextmanager
def _told(settings: S3Place) -> Iterator[None]:
    """Errors of the library, the network and the storage as ours; only their codes are passed on."""
    from boto3.exceptions import S3UploadFailedError
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError

    storage = f"bucket {settings.bucket}" + (f" at {settings.endpoint}" if settings.endpoint else "")
    try:
        yield
    except (ClientError, S3UploadFailedError) as error:
        code = _code(error if isinstance(error, ClientError) else error.__context__)
        if code in {"NoSuchBucket", "400"}:
            raise PlaceError(f"no such {storage}", "make it, or mend bucket of the place", is_whole=True) from error
        if code in _REFUSED:
            do = "mend the keys or their rights: s3:PutObject and s3:GetObject below the prefix"
            raise PlaceError(f"{storage} refuses ({code})", do, is_whole=True) from error
        raise PlaceError(f"{storage}: {code}", "see whether the storage works", may_pass=code in _PASSING) from error
    except (HTTPClientError, IncompleteReadError) as error:
        raise PlaceError(f"{storage}: {type(error).__name__}", "see whether it can be reached", may_pass=True) from error
    except (BotoCoreError, OSError) as error:
        raise PlaceError(
            f"{storage}: {type(error).__name__}", "mend the settings of the place", may_pass=isinstance(error, OSError)
        ) from error


def _code(error: BaseException | None) -> str:
    response: dict[str, Any] = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code") or response.get("ResponseMetadata", {}).get("HTTPStatusCode") or "unknown")

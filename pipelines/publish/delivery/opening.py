"""Connect to a place, of whichever kind it is. What speaks to a kind is imported when a place of it is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from pipelines.contracts.settings.publishing import FolderPlace, S3Place, SftpPlace
from pipelines.publish.delivery.places import Place, Secrets


@contextmanager
def open_place(settings: Any, secrets: Secrets) -> Iterator[Place]:
    """Connect to a place. Raises PlaceError."""
    from pipelines.publish.delivery.folder import open_folder
    from pipelines.publish.delivery.s3 import open_bucket
    from pipelines.publish.delivery.sftp import open_sftp

    openers: Mapping[type, Callable[[Any, Secrets], AbstractContextManager[Place]]] = {
        FolderPlace: open_folder,
        SftpPlace: open_sftp,
        S3Place: open_bucket,
    }
    with openers[type(settings)](settings, secrets) as place:
        yield place

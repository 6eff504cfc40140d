"""A folder of an SFTP server as a place. A host whose key is not known is refused: a file of people goes to nobody unproved."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar, cast

import asyncssh

from pipelines.contracts.settings.publishing import SftpPlace
from pipelines.publish.delivery.places import PlaceError, Secrets, secret

_BLOCK = 1 << 20
_TIMEOUT_SECONDS = 30
_T = TypeVar("_T")


@contextmanager
def open_sftp(settings: SftpPlace, secrets: Secrets) -> Iterator[_Server]:
    """A connection, closed at the end."""
    for path, what in ((settings.known_hosts, "known_hosts"), (settings.key_file, "key_file")):
        if path is not None and not path.is_file():
            raise PlaceError(f"no such file: {path}", f"mend {what} of the place", is_whole=True)
    password = secret(secrets, settings.password_variable) if settings.password_variable else None
    passphrase = secret(secrets, settings.passphrase_variable) if settings.passphrase_variable else None
    with asyncio.Runner() as runner:

        def run(made: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
            with _told(settings):
                return runner.run(made())

        async def connect() -> tuple[asyncssh.SSHClientConnection, asyncssh.SFTPClient]:
            connection = await asyncssh.connect(
                settings.host,
                settings.port,
                username=settings.user,
                password=password,
                client_keys=[str(settings.key_file)] if settings.key_file else None,
                passphrase=passphrase,
                known_hosts=str(settings.known_hosts),
                config=None,  # what somebody keeps in ~/.ssh decides nothing here
                agent_path=None,
                connect_timeout=_TIMEOUT_SECONDS,
                login_timeout=_TIMEOUT_SECONDS,
                keepalive_interval=_TIMEOUT_SECONDS,
            )
            try:
                client = await connection.start_sftp_client()
                if not await client.isdir(settings.path):
                    raise PlaceError(f"no such folder on the server: {settings.path}", "make it, or mend path of the place", is_whole=True)
            except BaseException:
                connection.abort()
                raise
            return connection, client

        connection, client = run(connect)
        try:
            yield _Server(client, settings.path, run)
        finally:
            connection.close()
            with suppress(OSError, asyncssh.Error):
                runner.run(connection.wait_closed())


class _Server:
    def __init__(self, client: asyncssh.SFTPClient, root: str, run: Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]) -> None:
        self._client, self._root, self._run = client, PurePosixPath(root), run

    def sha256(self, name: str) -> str | None:
        async def read() -> str | None:
            path = str(self._root / name)
            return await _digest(self._client, path) if await self._client.isfile(path) else None

        found: str | None = self._run(read)
        return found

    def put(self, path: Path, name: str, digest: str) -> None:
        async def write() -> None:
            target = self._root / name
            beside = target.with_name(f".{target.name}.part")
            await self._client.makedirs(str(target.parent), exist_ok=True)
            try:
                async with self._client.open(str(beside), "wb") as remote:
                    with path.open("rb") as local:
                        while block := local.read(_BLOCK):
                            await remote.write(block)
                if await _digest(self._client, str(beside)) != digest:
                    raise PlaceError(f"{target.name} arrived changed", "look at the server", may_pass=True)
                await _replace(self._client, str(beside), str(target))
            except BaseException:
                with suppress(OSError, asyncssh.Error):
                    await self._client.remove(str(beside))
                raise

        self._run(write)


async def _digest(client: asyncssh.SFTPClient, path: str) -> str:
    digest = hashlib.sha256()
    async with client.open(path, "rb") as remote:
        while block := cast(bytes, await remote.read(_BLOCK)):
            digest.update(block)
    return digest.hexdigest()


async def _replace(client: asyncssh.SFTPClient, beside: str, target: str) -> None:
    """In one step where the server can; else the older file goes first, and the new one is whole all the same."""
    try:
        await client.posix_rename(beside, target)
    except asyncssh.SFTPOpUnsupported:
        with suppress(asyncssh.SFTPNoSuchFile):
            await client.remove(target)
        await client.rename(beside, target)


@contextmanager
def _told(settings: SftpPlace) -> Iterator[None]:
    """Errors of the library and the network as ours. Their own texts are not passed on: a server writes what it likes."""
    server = f"{settings.host}:{settings.port}"
    try:
        yield
    except asyncssh.HostKeyNotVerifiable as error:
        do = f"if that is right, add the host's key to {settings.known_hosts}; if it was another before, ask its owner first"
        raise PlaceError(f"the key of {server} is not in known_hosts", do, is_whole=True) from error
    except (asyncssh.PermissionDenied, asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        what = f"{server} does not let {settings.user} in, or the key cannot be read"
        raise PlaceError(what, "mend user, password or key of the place", is_whole=True) from error
    except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPWriteProtect) as error:
        what = f"{server} refuses to write below {settings.path} ({type(error).__name__.removeprefix('SFTP')})"
        raise PlaceError(what, "mend the rights of the user there") from error
    except (asyncssh.Error, OSError, TimeoutError) as error:
        raise PlaceError(f"{server}: {type(error).__name__}", "see whether the server can be reached", may_pass=True) from error

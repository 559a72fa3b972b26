"""The platform as a measurement uses it: starts the server, knows its address, reads its counts."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen


@frozen
class Platform:
    """A running server.

    Attributes:
        url: Its scheme, host and port.
        host: Its host.
        port: Its port.
        authority: File of the authority that signed its certificate; None without TLS.
    """

    url: str
    host: str
    port: int
    authority: str | None
    _process: subprocess.Popen[str]

    def counts(self) -> dict[str, int]:
        """Return how many connections it took, and how many requests for each path."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return _line(self._process)


@contextlib.contextmanager
def platform(*, tls: bool = False, delay: float = 0.0) -> Iterator[Platform]:
    """Run the server for as long as the block runs.

    With TLS, this process trusts it from then on as users make theirs trust a company's own
    authority: by ``REQUESTS_CA_BUNDLE``.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.server", "--delay", str(delay)]
        authority = None
        if tls:
            authority, certificate = _certificate(Path(folder))
            command += ["--certificate", certificate]
            os.environ["REQUESTS_CA_BUNDLE"] = authority
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            port = _line(process)["port"]
            url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
            # Leaving the inner block closes the server's input, which ends it.
            yield Platform(url, "127.0.0.1", port, authority, process)


def _line(process: subprocess.Popen[str]) -> dict[str, int]:
    assert process.stdout is not None
    line: dict[str, int] = json.loads(process.stdout.readline())
    return line


def _certificate(folder: Path) -> tuple[str, str]:
    """Make an authority and a certificate of it; return the files."""
    import trustme

    authority, certificate = folder / "authority.pem", folder / "certificate.pem"
    maker = trustme.CA()
    maker.cert_pem.write_to_path(authority)
    maker.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    return str(authority), str(certificate)

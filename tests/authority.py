"""Certificates for tests, signed by an authority of their own."""

import ssl

import trustme


class Authority:
    """Signs certificates that only those trust who were given its bundle.

    Attributes:
        bundle: The file of its own certificate.
    """

    def __init__(self, folder):
        self._signer = trustme.CA()
        self._folder = folder
        self.bundle = str(folder / "ca.pem")
        self._signer.cert_pem.write_to_path(self.bundle)

    def server_context(self, *names, clients=None, **details):
        """Return the TLS context of a server.

        Args:
            names: The names and addresses its certificate is for.
            clients: The authority that clients need a certificate of; None where they need none.
            details: What else is to be in the certificate.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._signer.issue_cert(*names, **details).configure_cert(context)
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            clients.configure_trust(context)
        return context

    def configure_trust(self, context):
        """Let a TLS context trust what this authority has signed."""
        self._signer.configure_trust(context)

    def client_files(self, name):
        """Make a client's certificate.

        Returns:
            The paths of one file with certificate and key, and of one for each.
        """
        issued = self._signer.issue_cert(name)
        contents = {
            "both": issued.private_key_and_cert_chain_pem,
            "certificate": issued.cert_chain_pems[0],
            "key": issued.private_key_pem,
        }
        paths = [str(self._folder / f"{name}-{part}.pem") for part in contents]
        for path, content in zip(paths, contents.values(), strict=True):
            content.write_to_path(path)
        return paths

"""What is needed to speak to one API server: its address, its trust, our identity.

Where these values come from is for `kubeconfig`; turning them into headers and certificates for
`credentials`.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """A program that prints credentials."""

    api_version: str
    command: str
    args: tuple[str, ...] = field(default=(), repr=False)
    env: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    interactive: str = "IfAvailable"  # Never | IfAvailable | Always
    cluster_info: bool = False  # the program is told the address and the trust of the cluster
    install_hint: str = ""


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """An OpenID provider, and the tokens that are from it."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    id_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    ca: bytes = b""  # as of a cluster
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Impersonation:
    """Whom our own identity asks to act as."""

    user: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Login:
    """How we say who we are. Certificates and keys are bytes with PEM somewhere in them."""

    user: str = ""  # the entry's name, for messages
    origin: str = ""  # the file it was read from
    place: str = ""  # and where in there it is: users[0].user
    token: str = field(default="", repr=False)
    token_file: str = ""  # read again every minute; the token stands where it cannot be
    certificate: bytes = b""
    certificate_file: str = ""
    key: bytes = field(default=b"", repr=False)
    key_file: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    plugin: ExecPlugin | None = None
    oidc: OidcProvider | None = None
    impersonate: Impersonation | None = None


@dataclass(frozen=True, slots=True)
class AsWritten:
    """What a plugin is told of a cluster as it is written, beside what `Access` says."""

    server: str = ""
    proxy: str = field(default="", repr=False)
    config: str = ""  # JSON


@dataclass(frozen=True, slots=True)
class Access:
    """One API server and our identity there."""

    server: str  # https://host:port, with a path where a gateway asks for one
    context: str = ""
    cluster: str = ""  # the entry's name
    namespace: str = "default"
    origin: str = ""  # the file the context was read from
    ca: bytes = b""  # PEM somewhere in it
    ca_file: str = ""
    insecure: bool = False  # the server's certificate is not verified
    tls_server_name: str = ""
    proxy: str = field(default="", repr=False)  # resolved: an address, or empty for none
    compress: bool = True  # answers may be gzipped
    simulated: bool = False  # a sandbox
    login: Login = Login()
    written: AsWritten = AsWritten()

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
class Impersonation:
    """Whom our own identity asks to act as."""

    user: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Login:
    """How we say who we are; at most one way of each kind is used. Certificates are PEM text."""

    user: str = ""  # the entry's name, for messages
    token: str = field(default="", repr=False)
    token_file: str = ""  # read again every minute
    certificate: str = ""
    certificate_file: str = ""
    key: str = field(default="", repr=False)
    key_file: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    plugin: ExecPlugin | None = None
    impersonate: Impersonation | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """One API server and our identity there."""

    server: str  # https://host:port, with a path where a gateway asks for one
    context: str = ""
    cluster: str = ""  # the entry's name
    namespace: str = "default"
    origin: str = ""  # the file the context was read from
    ca: str = ""  # PEM text
    ca_file: str = ""
    insecure: bool = False  # the server's certificate is not verified
    tls_server_name: str = ""
    proxy: str = ""  # resolved: an address, or empty for none
    compress: bool = True  # answers may be gzipped
    simulated: bool = False  # a sandbox
    login: Login = Login()

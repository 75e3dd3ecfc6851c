"""No connection is opened to an address inside the operator's network, whatever its name says and when."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from integrations.addresses import refuse_private
from integrations.sdk import addresses
from integrations.sdk.addresses import PrivateAddressError, is_public
from integrations.sdk.errors import UnavailableError
from integrations.sdk.http import Http
from synclog.log.causes import remedy
from tests.integrations.test_http import client

NAME = "api.example.test"
PUBLIC, PRIVATE = "93.184.215.14", "10.1.2.3"


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",  # carrier-grade NAT
        "127.0.0.1",
        "127.8.8.8",
        "169.254.169.254",  # the cloud's metadata
        "172.16.0.1",
        "192.168.1.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.1.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",  # NAT64 of 10.0.0.1
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:a00:1::1",  # 6to4 of 10.0.0.1
        "2001:0:a00:1::1",  # Teredo
        "2001:db8::1",
        "fc00::1",
        "fd00:ec2::254",  # the cloud's metadata
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_inside(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", PUBLIC, "2606:2800:21f:cb07::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_outside(address: str) -> None:
    assert is_public(address)


class Resolver:
    """Answers with the next of some answers each time, the last one for ever; knows what was asked of it."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if host[0].isdigit() or ":" in host:  # numbers: nobody is asked
            return _getaddrinfo(host, port, *args, **kwargs)
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            (socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, int(port))) for a in found
        ]


_getaddrinfo = socket.getaddrinfo


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Resolver]:
    def install(*answers: list[str]) -> Resolver:
        resolver = Resolver(*answers)
        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        return resolver

    return install


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were connected to; nobody answers there."""
    met: list[str] = []

    def connect(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        met.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(addresses, "create_connection", connect)
    return met


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def outward(**context: Any) -> Http:
    return client(f"https://{NAME}", private_targets=False, **context)


@pytest.mark.parametrize("answer", [[PRIVATE], [PUBLIC, PRIVATE], ["169.254.169.254"], ["::1", PUBLIC]])
def test_a_name_that_leads_inside_is_not_connected_to(
    answer: list[str], resolve: Callable[..., Resolver], connected: list[str]
) -> None:
    resolve(answer)
    http = outward()
    with pytest.raises(PrivateAddressError, match=f"^{NAME} leads into a private network") as caught:
        http.post("x", json={}, headers={"Authorization": "Bearer secret"})
    assert connected == []
    assert caught.value.cause == "private_address" and "ALLOW_PRIVATE_TARGETS" in remedy("private_address")
    [exchange] = http.take_exchanges()
    assert exchange.error.startswith("not connected") and answer[0] not in repr(exchange)


def test_a_name_that_was_public_a_moment_ago(resolve: Callable[..., Resolver], connected: list[str]) -> None:
    """DNS rebinding: the answer changes between one look-up and the next."""
    resolver = resolve([PUBLIC], [PRIVATE])
    with pytest.raises(UnavailableError):
        outward().get("x")
    assert connected == [PUBLIC] and len(resolver.asked) == 1, "connected to what was checked, not to another look-up"
    with pytest.raises(PrivateAddressError):
        outward().get("x")
    assert connected == [PUBLIC]


def test_the_next_address_is_tried(resolve: Callable[..., Resolver], connected: list[str]) -> None:
    resolve([PUBLIC, "8.8.8.8"])
    with pytest.raises(UnavailableError):
        outward().get("x")
    assert connected == [PUBLIC, "8.8.8.8"]


def test_all_addresses_of_a_name_share_one_time(
    resolve: Callable[..., Resolver], monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[tuple[tuple[str, int], float]] = []

    def hang(address: tuple[str, int], timeout: float, **kwargs: Any) -> socket.socket:
        met.append((address, timeout))
        assert kwargs["source_address"] is None
        assert (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1) in kwargs["socket_options"]
        time.sleep(0.25)
        raise TimeoutError

    monkeypatch.setattr(addresses, "create_connection", hang)
    resolve([f"8.8.8.{n}" for n in range(20)])
    http = outward(connect_timeout=0.4)
    with pytest.raises(UnavailableError, match="in time"):
        http.post("x", json={})
    assert met[0][0] == ("8.8.8.0", 443) and 0.3 < met[0][1] <= 0.4
    assert [address for (address, _), _ in met] == ["8.8.8.0", "8.8.8.1"] and 0.05 <= met[1][1] <= 0.15
    [exchange] = http.take_exchanges()
    assert exchange.error == "no connection in time"


@pytest.mark.parametrize("private_targets", [False, True])
def test_a_name_without_any_address_leads_nowhere(
    private_targets: bool, resolve: Callable[..., Resolver], connected: list[str]
) -> None:
    """Of nothing nobody knows that it is public."""
    resolve([])
    with pytest.raises(UnavailableError) as caught:
        client(f"https://{NAME}", private_targets=private_targets).post("x", json={})
    assert isinstance(caught.value, PrivateAddressError) is not private_targets and connected == []


def test_an_address_is_tried_once_and_the_first_one_first(
    resolve: Callable[..., Resolver], connected: list[str]
) -> None:
    resolve(["8.8.8.8", PUBLIC, "8.8.8.8"])
    http = outward()
    with pytest.raises(UnavailableError):
        http.post("x", json={})
    assert connected == ["8.8.8.8", PUBLIC]
    [exchange] = http.take_exchanges()
    assert exchange.error == "connection failed"


@pytest.mark.parametrize("url", ["https://127.0.0.1/x", "https://[::ffff:10.0.0.1]/x", "https://0x7f.1/x"])
def test_numbers_are_checked_too(url: str, connected: list[str]) -> None:
    with pytest.raises(UnavailableError):
        outward().get(url)
    assert connected == []


def test_nothing_goes_out_in_the_clear(connected: list[str], resolve: Callable[..., Resolver]) -> None:
    resolver = resolve([PUBLIC])
    with pytest.raises(UnavailableError, match="without https"):
        outward().post(f"http://{NAME}/x", json={})
    assert connected == [] and resolver.asked == []


def test_a_name_that_nobody_knows_is_never_unclear(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(UnavailableError):
        outward().post("x", json={})


@pytest.fixture
def a_name_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever owns a name owns the server that is asked for it."""
    over = threading.Event()

    def hang(*args: Any, **kwargs: Any) -> Any:
        over.wait(60)
        raise socket.gaierror("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield
    over.set()


@pytest.mark.usefixtures("a_name_server_that_hangs")
def test_a_name_server_that_hangs_holds_nobody_up(connected: list[str]) -> None:
    begun = time.monotonic()
    with pytest.raises(UnavailableError):
        outward(connect_timeout=0.2).post("x", json={})
    refuse_private("Address", f"https://{NAME}")  # looked up again before anything is sent there
    assert time.monotonic() - begun < 30 and connected == []
    asking = [thread for thread in threading.enumerate() if thread.name == "look-up"]
    assert asking and all(thread.daemon for thread in asking), "no process waits for it at its end either"


@pytest.mark.usefixtures("a_name_server_that_hangs")
@pytest.mark.parametrize("seconds", [0.1, 0.0, -5.0])
def test_a_look_up_ends_in_time(seconds: float) -> None:
    begun = time.monotonic()
    with pytest.raises(TimeoutError, match=NAME):
        addresses.resolve(NAME, 443, seconds)
    assert 0.04 < time.monotonic() - begun < 1


@pytest.mark.usefixtures("a_name_server_that_hangs")
def test_a_name_server_that_hangs_is_written_down_as_no_connection_in_time() -> None:
    http = outward(connect_timeout=0.1)
    with pytest.raises(UnavailableError, match="in time"):
        http.post("x", json={})
    [exchange] = http.take_exchanges()
    assert exchange.error == "no connection in time"


def test_a_proxy_may_stand_inside_and_looks_the_name_up_itself(
    monkeypatch: pytest.MonkeyPatch, resolve: Callable[..., Resolver]
) -> None:
    resolver = resolve([PRIVATE])
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        heard: list[bytes] = []

        def answer() -> None:
            connection, _ = proxy.accept()
            heard.append(connection.recv(1000))
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(UnavailableError):
            outward().get("x")
        thread.join()
    assert heard[0].startswith(f"CONNECT {NAME}:443".encode())
    assert resolver.asked == []


class Names(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hosts: list[str] = []

    def do_GET(self) -> None:
        Names.hosts.append(self.headers["Host"])
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[int, Path, list[str]]]:
    """(port, its certificate, the names asked for by SNI) of a server called NAME."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, file = certificate.public_bytes(serialization.Encoding.PEM), tmp_path / "tls.pem"
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(pem + key.private_bytes(serialization.Encoding.PEM, *form))
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(pem)
    asked: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.sni_callback = lambda connection, name, context: asked.append(name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Names)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, trusted, asked
    server.shutdown()
    server.server_close()


def test_certificate_sni_and_host_stay_the_names_and_a_kept_connection_asks_nobody(
    tls: tuple[int, Path, list[str]], resolve: Callable[..., Resolver], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, trusted, sni = tls
    resolver = resolve(["127.0.0.1"])
    monkeypatch.setattr(addresses, "is_public", lambda address: True)  # the server has only this one
    http = outward(read_timeout=5)
    Names.hosts.clear()
    with monkeypatch.context() as trusting:
        trusting.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(trusted))
        for _ in range(3):
            assert http.get(f"https://{NAME}:{port}/x").ok
    assert Names.hosts == [f"{NAME}:{port}"] * 3
    assert sni == [NAME] and resolver.asked == [NAME]
    stranger = outward(read_timeout=5)
    with pytest.raises(UnavailableError):
        stranger.get(f"https://{NAME}:{port}/x")
    http.close()

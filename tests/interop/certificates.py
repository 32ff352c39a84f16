"""An authority, certificates by it for example.test with a P-256 and an RSA-2048 key and for a client, and a certificate
that it knows nothing of; made by openssl."""

import pathlib
import subprocess

import context


def openssl(folder: pathlib.Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, stdin=subprocess.DEVNULL, check=True, capture_output=True)


def make(folder: pathlib.Path) -> dict[str, tuple[pathlib.Path, pathlib.Path]]:
    """Kind to (chain, key). The chain is the leaf and the intermediate; the root is in root.pem. The stranger is alone."""
    folder.mkdir(parents=True)
    p256 = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    rsa = ("-newkey", "rsa:2048")
    openssl(folder, "req", "-x509", *p256, "-nodes", "-keyout", "root.key", "-out", "root.pem", "-days", "2",
            "-subj", "/CN=handsel test root", "-addext", "basicConstraints=critical,CA:TRUE")
    signed(folder, "middle", p256, "/CN=handsel test intermediate", "root", "basicConstraints=critical,CA:TRUE\n")
    leaf = f"subjectAltName=DNS:{context.NAME},IP:{context.V4},IP:{context.V6}\nextendedKeyUsage=serverAuth\n"
    made = {}
    client = "extendedKeyUsage=clientAuth\n"
    for kind, key, subject, purpose in (("ecdsa", p256, f"{context.NAME} ecdsa", leaf), ("rsa", rsa, f"{context.NAME} rsa", leaf),
                                        ("client", p256, "client", client), ("client-rsa", rsa, "client rsa", client)):
        signed(folder, kind, key, f"/CN={subject}", "middle", purpose)
        chain = folder / f"{kind}-chain.pem"
        chain.write_text((folder / f"{kind}.pem").read_text() + (folder / "middle.pem").read_text())
        made[kind] = (chain, folder / f"{kind}.key")
    openssl(folder, "req", "-x509", *p256, "-nodes", "-keyout", "stranger.key", "-out", "stranger.pem", "-days", "2",
            "-subj", "/CN=stranger")
    made["stranger"] = (folder / "stranger.pem", folder / "stranger.key")
    return made


def signed(folder: pathlib.Path, name: str, key: tuple[str, ...], subject: str, by: str, extensions: str) -> None:
    (folder / f"{name}.ext").write_text(extensions)
    openssl(folder, "req", *key, "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial",
            "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem")


def root() -> pathlib.Path:
    return context.work / "certificates" / "root.pem"

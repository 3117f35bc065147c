"""Mailbox names: modified UTF-7 (RFC 3501 5.1.3), and paths, which are tuples of components without delimiter.

A path is shown and read with '/' between its components; a '/' or '=' inside one is written =2F or =3D."""
import base64
import re


def to_mutf7(text):
    out = []
    for plain, other in re.findall(r"([\x20-\x7e]+)|([^\x20-\x7e]+)", text):
        if plain:
            out.append(plain.replace("&", "&-"))
        else:
            b64 = base64.b64encode(other.encode("utf-16-be", "surrogatepass")).decode()
            out.append("&" + b64.rstrip("=").replace("/", ",") + "-")
    return "".join(out).encode()


def from_mutf7(raw):
    """The text of a name as sent; bytes that are no valid modified UTF-7 come back as they are, as UTF-8 or Latin-1."""
    def part(m):
        b64 = m.group(1).replace(",", "/")
        return base64.b64decode(b64 + "=" * (-len(b64) % 4)).decode("utf-16-be") if b64 else "&"

    try:
        return re.sub(r"&([A-Za-z0-9+,]*)-", part, raw.decode("ascii"))
    except ValueError:
        pass
    try:
        return raw.decode()
    except ValueError:
        return raw.decode("latin-1")


def show(path):
    return "/".join(c.replace("=", "=3D").replace("/", "=2F") for c in path)


def read(text):
    return tuple(c.replace("=2F", "/").replace("=3D", "=") for c in text.split("/"))


def from_wire(raw, delimiter, prefix):
    """The path of a mailbox name in the namespace with this prefix (both as text; delimiter None: flat)."""
    if raw.upper() == b"INBOX":
        return ("INBOX",)
    if prefix and raw.startswith(to_mutf7(prefix)):
        raw = raw[len(to_mutf7(prefix)):]
    path = tuple(from_mutf7(c) for c in (raw.split(delimiter.encode()) if delimiter else [raw]))
    return ("INBOX",) + path[1:] if path[0].upper() == "INBOX" else path


def to_wire(path, delimiter, prefix):
    path = read(path) if isinstance(path, str) else tuple(path)
    if path == ("INBOX",):
        return b"INBOX"
    if delimiter and any(delimiter in c for c in path):
        raise ValueError("%s: a component holds the delimiter %s" % (show(path), delimiter))
    return to_mutf7(prefix) + (delimiter or "").encode().join(to_mutf7(c) for c in path)

"""POX Autodiscover, MS-OXDSCLI 2.2.4: the answer for a mailbox, and the ways to send a client elsewhere. Part of fakemapi.py.

server.autodiscover: settings; or redirectAddr:ADDRESS, redirectUrl:URL, 302:URL, error:CODE, none (404), plain (settings without mapiHttp)."""
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

OUT = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
IN = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006}"
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">'


def answer(server, rq):
    from fakemapi import Answer
    how, _, where = server.autodiscover.partition(":")
    if how == "302":
        return Answer(302, Location=where)
    if how == "none":
        return Answer(404)
    if rq.method != "POST":
        return Answer(405)
    root = ET.fromstring(rq.body)
    address = root.findtext(IN + "Request/" + IN + "EMailAddress") or ""
    if how in ("redirectAddr", "redirectUrl"):
        name = "RedirectAddr" if how == "redirectAddr" else "RedirectUrl"
        inner = '<Response xmlns="%s"><Account><Action>%s</Action><%s>%s</%s></Account></Response>' % (OUT, how, name, escape(where), name)
        return xml(inner)
    user = address.partition("@")[0].lower()
    if how == "error" or user not in server.stores or user != rq.user:
        code = where or "500"
        return xml('<Response><Error Time="00:00:00.0000000" Id="1"><ErrorCode>%s</ErrorCode><Message>The email address can\'t be found.</Message>'
                   "<DebugData /></Error></Response>" % code)
    return xml(settings(server, rq, user, address, how != "plain"))


def xml(inner):
    from fakemapi import Answer
    return Answer(200, HEAD + inner + "</Autodiscover>", Content_Type="text/xml; charset=utf-8")


def settings(server, rq, user, address, mapi):
    store = server.stores[user]
    port = server.tls_port if rq.tls else server.port
    url = escape("http%s://%s:%d%s" % ("s" if rq.tls else "", rq.header("Host").partition(":")[0], port, server.store_path(user)))
    parts = "<Protocol><Type>EXCH</Type><Server>%s</Server><MdbDN>/o=Fake/cn=Microsoft Private MDB</MdbDN></Protocol>" % server.host
    if mapi and rq.header("X-MapiHttpCapability"):
        parts = ('<Protocol Type="mapiHttp" Version="1"><MailStore><InternalUrl>https://internal.invalid/mapi/emsmdb/</InternalUrl><ExternalUrl>%s</ExternalUrl>'
                 "</MailStore><AddressBook><ExternalUrl>%s</ExternalUrl></AddressBook></Protocol>" % (url, url.replace("emsmdb", "nspi"))) + parts
    return ('<Response xmlns="%s"><User><DisplayName>%s</DisplayName><LegacyDN>%s</LegacyDN><AutoDiscoverSMTPAddress>%s</AutoDiscoverSMTPAddress></User><Account>'
            "<AccountType>email</AccountType><Action>settings</Action>%s</Account></Response>" % (OUT, escape(store.display), escape(store.dn), escape(address), parts))

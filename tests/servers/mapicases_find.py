"""Autodiscover as servers have it, MS-OXDSCLI and MS-OXDISCO: for --mapi HOST. tests/e2e/98-autodiscover.sh has whole domains."""
from fakemapi import Answer
from mapicases_wire import Case


class Find(Case):
    """The mailbox is found by its host; the password goes nowhere else, and nowhere in the clear."""
    name = "autodiscover"
    source = "MS-OXDISCO 3.1.5"
    by_host = True

    def check(self):
        assert not any(r.header("Authorization") and not r.tls for r in self.requests), "the password went in the clear"


class NotFound(Find):
    """A base: there is no way to the mailbox, and that is said soon."""
    name = "autodiscover-nothing"
    source = "MS-OXDISCO 3.1.5"
    code, autodiscover = "no", "none"

    def check(self):
        super().check()
        assert not any(r.kind for r in self.requests) and len(self.requests) < 50, len(self.requests)


class ToAddress(NotFound):
    """Another address is named: redirectAddr."""
    name = "autodiscover-redirect-addr"
    source = "MS-OXDSCLI 2.2.4.1.1.2.6"
    autodiscover = "redirectAddr:bob@elsewhere.example"


class Loop(NotFound):
    """The own address is named again, for ever."""
    name = "autodiscover-redirect-loop"
    source = "MS-OXDSCLI 3.1.5.1: a client counts"
    autodiscover = "redirectAddr:alice@example.org"


class ToUrl(NotFound):
    """Another URL is named, of another host."""
    name = "autodiscover-redirect-url"
    source = "MS-OXDSCLI 2.2.4.1.1.2.7"
    autodiscover = "redirectUrl:https://autodiscover.elsewhere.example/autodiscover/autodiscover.xml"


class ToPlain(NotFound):
    """A plain URL is named: the password must not go there."""
    name = "autodiscover-redirect-to-http"
    source = "MS-OXDISCO 3.1.5.3: only to https"

    @property
    def autodiscover(self):
        return "redirectUrl:http://localhost:%d/autodiscover/autodiscover.xml" % self.port


class Plain302(NotFound):
    """302 to another host."""
    name = "autodiscover-302"
    source = "MS-OXDISCO 2.2.3"
    autodiscover = "302:https://autodiscover.elsewhere.example/autodiscover/autodiscover.xml"


class NoMapi(NotFound):
    """Settings without mapiHttp, as of a server that has it switched off."""
    name = "autodiscover-no-mapi"
    source = "MS-OXDSCLI 2.2.4.1.1.2.8"
    autodiscover = "plain"


class Unknown(NotFound):
    """The address is not known."""
    name = "autodiscover-error-500"
    source = "MS-OXDSCLI 2.2.4.1.1.1"
    autodiscover = "error:500"


class Entities(NotFound):
    """The answer has a DTD with entities that grow."""
    name = "autodiscover-entities"
    source = "XML bombs; CVE-2003-1564"

    def do_autodiscover(self, rq):
        bomb = "".join('<!ENTITY e%d "%s">' % (n, "&e%d;" % (n - 1) * 10 if n else "x" * 10) for n in range(12))
        return Answer(200, '<?xml version="1.0"?><!DOCTYPE a [%s]><Autodiscover><Response>&e11;</Response></Autodiscover>' % bomb, Content_Type="text/xml")

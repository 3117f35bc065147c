#ifndef VALISE_BASE_GUARD_ROLE_H
#define VALISE_BASE_GUARD_ROLE_H

/*
 * Under which rules the guard vets what is sent. The rules are in net/guard.c for
 * commands in lines, in http/guard.c for requests: apart from the code that speaks the
 * protocol, and from its row in account/protocols.c.
 */
enum guard_role {
	GUARD_NONE, /* nothing may be sent */
	GUARD_IMAP_SOURCE,
	GUARD_IMAP_TARGET,
	GUARD_POP3_SOURCE,
	/* OPTIONS GET HEAD PROPFIND REPORT */
	GUARD_DAV_SOURCE,
	/*
	 * and PUT with If-None-Match: *, MKCALENDAR, MKCOL, PROPPATCH, POST
	 * ?action=attachment-add; never DELETE, MOVE or another PUT
	 */
	GUARD_DAV_TARGET,
	/*
	 * and PUT with If-Match and one strong entity tag, which replaces just the version
	 * that has it
	 */
	GUARD_DAV_UPDATE,
	/*
	 * POST of MAPI over HTTP: Connect, Execute, Disconnect, PING, with ROPs that only read
	 * (http/mapi.c)
	 */
	GUARD_MAPI_SOURCE,
	/* and those that make a new folder, and upload a new message into one */
	GUARD_MAPI_TARGET,
	/* POST of the one question of POX Autodiscover, and GET where it may be asked */
	GUARD_AUTODISCOVER,
	/* GET of metadata, and POST of a form that asks for tokens or gives them back */
	GUARD_OAUTH,
};

#endif

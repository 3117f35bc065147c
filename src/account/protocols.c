/* The table of protocols: their URLs, what a service has, options of their own. */
#include "valise/account/protocols.h"
#include "valise/base/mem.h"
#include <string.h>

static const struct protocol_option imap_options[] = {
        {"all-namespaces", PROTOCOL_FETCH, NULL},
        {"strict", PROTOCOL_FETCH, NULL},
        {"labels", PROTOCOL_RESTORE, NULL},
        {"verify", PROTOCOL_RESTORE, NULL},
        {NULL, 0, NULL},
};

static const struct protocol_option pop3_options[] = {
        {"pop3-end", PROTOCOL_FETCH, "close|quit"},
        {"pop3-accept-deletion-by-server", PROTOCOL_FETCH, NULL},
        {NULL, 0, NULL},
};

static const struct protocol_option caldav_options[] = {
        {"exact", PROTOCOL_FETCH, NULL},
        {"fetch-links", PROTOCOL_FETCH, NULL},
        {"with-attendees", PROTOCOL_RESTORE, NULL},
        {"attach-links", PROTOCOL_RESTORE, NULL},
        {"into", PROTOCOL_RESTORE, NULL},
        {NULL, 0, NULL},
};

static const struct protocol_option carddav_options[] = {
        {"exact", PROTOCOL_FETCH, NULL},
        {"fetch-links", PROTOCOL_FETCH, NULL},
        {"attach-links", PROTOCOL_RESTORE, NULL},
        {"into", PROTOCOL_RESTORE, NULL},
        {NULL, 0, NULL},
};

static const char mapi_has_no_authzid[] =
        "HTTP carries no authorization identity: another person's mailbox is named by "
        "mapi-mailbox (--mapi-mailbox)";

/* The calendars read would be the administrator's own. */
static const char http_has_no_authzid[] =
        "HTTP carries no authorization identity: another person's calendars are named by "
        "their URL; for mail alone it is imap-authzid (--imap-authzid), not authzid";

static const struct protocol_option mapi_options[] = {
        {"archive-mailbox", PROTOCOL_FETCH, NULL},
        {"public-folders", PROTOCOL_FETCH, NULL},
        {"associated", PROTOCOL_FETCH, NULL},
        {"labels", PROTOCOL_RESTORE, NULL},
        {"verify", PROTOCOL_RESTORE, NULL},
        {"into", PROTOCOL_RESTORE, NULL},
        {NULL, 0, NULL},
};

const struct protocol protocols[] = {
        {
                .kind = SERVICE_IMAP,
                .name = "imap",
                .schemes = {{"imaps", SECURITY_TLS, 993}, {"imap", SECURITY_STARTTLS, 143}},
                .example = "imaps://mail.example.org",
                .url_help = "imaps://HOST[:PORT], or imap:// for STARTTLS",
                .kinds = 1u << COLL_MAIL,
                .options = imap_options,
                .reads_as = GUARD_IMAP_SOURCE,
                .stores_as = GUARD_IMAP_TARGET,
        },
        {
                .kind = SERVICE_POP3,
                .name = "pop3",
                .schemes = {{"pop3s", SECURITY_TLS, 995}, {"pop3", SECURITY_STARTTLS, 110}},
                .example = "pop3s://mail.example.org",
                .url_help = "pop3s://HOST[:PORT], or pop3:// for STLS",
                .kinds = 1u << COLL_MAIL,
                .options = pop3_options,
                .reads_as = GUARD_POP3_SOURCE,
                .stores_as = GUARD_NONE,
        },
        {
                .kind = SERVICE_CALDAV,
                .name = "caldav",
                .schemes = {{"https", SECURITY_TLS, 443}, {"http", SECURITY_NONE, 80}},
                .example = "https://dav.example.org/",
                .url_help = "https://HOST/...",
                .kinds = 1u << COLL_CALENDAR,
                .has_path = true,
                .no_authzid = http_has_no_authzid,
                .options = caldav_options,
                .reads_as = GUARD_DAV_SOURCE,
                .stores_as = GUARD_DAV_TARGET,
        },
        {
                .kind = SERVICE_CARDDAV,
                .name = "carddav",
                .schemes = {{"https", SECURITY_TLS, 443}, {"http", SECURITY_NONE, 80}},
                .example = "https://dav.example.org/",
                .url_help = "https://HOST/...",
                .kinds = 1u << COLL_CONTACTS,
                .has_path = true,
                .no_authzid = http_has_no_authzid,
                .options = carddav_options,
                .reads_as = GUARD_DAV_SOURCE,
                .stores_as = GUARD_DAV_TARGET,
        },
        {
                .kind = SERVICE_MAPI,
                .name = "mapi",
                .schemes = {{"https", SECURITY_TLS, 443}, {"http", SECURITY_NONE, 80}},
                .example = "https://mail.example.org/mapi/emsmdb/",
                .url_help = "https://HOST/mapi/emsmdb/?... or HOST or ADDRESS, for "
                            "which it is found",
                .is_found = true,
                .own_key = "mailbox",
                .own_key_arg = "ADDRESS|DN",
                .own_key_help = "this mailbox, if it is another one than that of who signs in",
                .kinds = 1u << COLL_MAIL | 1u << COLL_CALENDAR | 1u << COLL_CONTACTS |
                         1u << COLL_MAPI,
                .has_path = true,
                .no_authzid = mapi_has_no_authzid,
                .options = mapi_options,
                .reads_as = GUARD_MAPI_SOURCE,
                .stores_as = GUARD_MAPI_TARGET,
        },
};
_Static_assert(COUNT(protocols) == SERVICE_KINDS, "a row for each service kind, in its order");

const struct protocol *protocol_find(const char *name)
{
	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		if (strcmp(protocols[k].name, name) == 0)
			return &protocols[k];
	return NULL;
}

const struct protocol_option *protocol_option(
        const struct protocol *p, const char *name, unsigned when)
{
	const struct protocol_option *o = p->options;

	while (o && o->name && !(o->when & when && strcmp(o->name, name) == 0))
		o++;
	return o && o->name ? o : NULL;
}

/*
 * What servers refuse with, for people: X-ResponseCode (MS-OXCMAPIHTTP 2.2.3.3.3), and the
 * codes of Connect and Execute (MS-OXCDATA 2.4).
 */
#include "wire.h"
#include "valise/base/mem.h"

static const struct mapi_code responses[] = {
        {ERR_OK, "success"},
        {ERR_NET, "the server failed"},
        {ERR_PROTO, "the server does not take the method"},
        {ERR_PROTO, "the server does not know this path: is the URL the one of the mailbox?"},
        {ERR_PROTO, "a header field is not as the server wants it"},
        {ERR_PROTO, "the server does not know this kind of request"},
        {ERR_NET, "the server does not know the session's cookie any more"},
        {ERR_PROTO, "a header field is missing"},
        {ERR_AUTH, "the server wants a sign-in"},
        {ERR_PROTO, "the request is too large for the server"},
        {ERR_NET, "the server does not know the session any more"},
        {ERR_AUTH, "the session belongs to another user, or there is no right to this mailbox"},
        {ERR_PROTO, "the server does not understand the request"},
        {ERR_NET, "the server misses one of the session's cookies"},
        {ERR_PROTO, "a code that is reserved"},
        {ERR_NET, "the server takes the request for one out of order"},
        {ERR_REFUSED, "MAPI over HTTP is switched off for this mailbox"},
        {ERR_NET, "the server answered with what it cannot send itself"},
        {ERR_NET, "the server is shutting down"},
};

struct mapi_code mapi_response_code(int code, bool begun)
{
	struct mapi_code c = {ERR_PROTO, "a code that is not known"};

	if (code >= 0 && (size_t)code < COUNT(responses))
		c = responses[code];
	/*
	 * gromox numbers its reasons otherwise: its 2, 6 and 7 are a cookie that is not
	 * known, one that is missing, and a request out of order. Once a session has begun,
	 * what 2 and 7 are elsewhere cannot be.
	 */
	if (begun && (code == 2 || code == 7))
		c = (struct mapi_code){ERR_NET, "the server does not know the session any more"};
	return c;
}

static const struct {
	uint32_t code;
	struct mapi_code means;
} errors[] = {
        {0x000003eb, {ERR_AUTH, "ecUnknownUser: there is no such mailbox"}},
        {0x000003ed, {ERR_BUSY, "ecExiting: the server is shutting down"}},
        {0x000003f0, {ERR_BUSY, "ecServerOOM: the server is out of memory"}},
        {0x000003f2, {ERR_AUTH, "ecLoginPerm: there is no right to this mailbox"}},
        {0x00000476, {ERR_BUSY, "ecMDBNotInit: the mailbox is not ready yet"}},
        {0x00000478, {ERR_REFUSED, "ecWrongServer: the mailbox is on another server"}},
        {0x0000047d, {ERR_REFUSED, "ecBufferTooSmall"}},
        {0x00000480, {ERR_BUSY, "ecServerBusy: the server is too busy"}},
        {0x000004b6, {ERR_REFUSED, "ecRpcFormat: the server does not understand the request"}},
        {0x000004b9, {ERR_REFUSED, "ecNullObject"}},
        {0x000004df, {ERR_REFUSED, "ecClientVerDisallowed: the server wants another version "
                                   "of Outlook"}},
        {0x80004005, {ERR_REFUSED, "MAPI_E_CALL_FAILED"}},
        {0x80040102, {ERR_REFUSED, "MAPI_E_NO_SUPPORT"}},
        {0x8004010b, {ERR_BUSY, "MAPI_E_BUSY: the server is busy"}},
        {0x8004010e, {ERR_BUSY, "MAPI_E_NOT_ENOUGH_RESOURCES: the server is out of something"}},
        {0x8004010f, {ERR_AUTH, "MAPI_E_NOT_FOUND: there is no such mailbox"}},
        {0x80040111, {ERR_AUTH, "MAPI_E_LOGON_FAILED: no sign-in to this mailbox"}},
        {0x80040115, {ERR_REFUSED, "ecRpcFailed: the server could not do it"}},
        {0x80040116, {ERR_BUSY, "MAPI_E_DISK_ERROR: a disk of the server failed"}},
        {0x80040401, {ERR_BUSY, "MAPI_E_TIMEOUT: it took the server too long"}},
        {0x80070005, {ERR_AUTH, "ecAccessDenied: there is no right to this mailbox"}},
        {0x8007000e, {ERR_BUSY, "MAPI_E_NOT_ENOUGH_MEMORY: the server is out of memory"}},
        {0x80070057, {ERR_REFUSED, "ecInvalidParam: the server does not take a parameter"}},
};

struct mapi_code mapi_error_code(uint32_t code)
{
	for (size_t i = 0; i < COUNT(errors); i++)
		if (errors[i].code == code)
			return errors[i].means;
	return (struct mapi_code){ERR_REFUSED, NULL};
}

/*
 * Functions of libetpan 1.9.4 that hostile answers break. These take the place of the
 * library's own for the whole program, since a symbol of the executable comes first.
 */
#include "internal.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef int astring_parser(mailstream *fd, MMAPString *b, struct mailimap_parser_context *ctx,
        size_t *at, char **out, size_t rate, progress_function *progress);
astring_parser mailimap_astring_parse;

static astring_parser *library_astring; /* set once */

void shim_link(void)
{
	void *f = dlsym(RTLD_NEXT, "mailimap_astring_parse");

	memcpy(&library_astring, &f, sizeof f);
}

/* Is the quoted string at ${p} closed in its line (RFC 3501 9: it holds neither CR nor LF)? */
static bool closes(const char *p, const char *end)
{
	for (p++; p < end && *p != '"' && *p != '\n'; p++)
		if (*p == '\\' && p + 1 < end && p[1] != '\n')
			p++;
	return p < end && *p == '"';
}

/**
 * A keyword may look like a literal without its line end, "FLAGS ({500} \Seen)"; the
 * library takes it for one, and waits for octets that nobody announced; a name that a server
 * should have quoted may hold a '"', which it looks for the end of in the lines that follow.
 * Refused here, they leave the line to the fallback.
 */
int mailimap_astring_parse(mailstream *fd, MMAPString *b, struct mailimap_parser_context *ctx,
        size_t *at, char **out, size_t rate, progress_function *progress)
{
	const char *p = b->str + *at;
	uint64_t size;

	p += strspn(p, " ");
	if (!library_astring || (*p == '{' && !literal_header(p, b->str + b->len, &size)) ||
	        (*p == '"' && !closes(p, b->str + b->len)))
		return MAILIMAP_ERROR_PARSE;
	return library_astring(fd, b, ctx, at, out, rate, progress);
}

/*
 * The library walks and frees lists that an answer leaves NULL ("[PERMANENTFLAGS
 * ((\Seen))]") and crashes.
 */

void clist_foreach(clist *list, clist_func func, void *data)
{
	if (!list)
		return;
	for (clistiter *i = list->first; i; i = i->next)
		func(i->data, data);
}

void clist_free(clist *list)
{
	clistiter *next;

	if (!list)
		return;
	for (clistiter *i = list->first; i; i = next) {
		next = i->next;
		free(i);
	}
	free(list);
}

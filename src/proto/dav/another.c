/*
 * A URL that names another person's home, where the server leads to that of whoever signs
 * in.
 */
#include <string.h>
#include "valise/proto/dav/discover.h"

/* The next segment of a path; false at its end. */
static bool next_segment(const char **p, const char **from, size_t *n)
{
	*p += strspn(*p, "/");
	*from = *p;
	*n = strcspn(*p, "/?#");
	*p += *n;
	return *n > 0;
}

static bool is_login(const char *s, size_t n, const char *login)
{
	return (strlen(login) == n && memcmp(s, login, n) == 0) ||
	       (strcspn(login, "@") == n && memcmp(s, login, n) == 0);
}

bool dav_names_another(const char *given, const char *home, const char *login)
{
	const char *host = strstr(home, "://"), *path = host ? strchr(host + 3, '/') : home;
	const char *a = given, *b = path ? path : "", *x, *y;
	size_t n, m, others = 0;

	for (;;) {
		bool more = next_segment(&a, &x, &n), also = next_segment(&b, &y, &m);

		if (more != also)
			return false;
		if (!more)
			return others == 1;
		if (n == m && memcmp(x, y, n) == 0)
			continue;
		if (!is_login(y, m, login))
			return false;
		others++;
	}
}

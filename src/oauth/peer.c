/* Whose the other end of a loopback connection is: Linux says so in /proc/net/tcp. */
#include "peer.h"
#include "valise/base/buf.h"
#include "valise/base/sys.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TABLE_MAX ((size_t)16 << 20)
#define ESTABLISHED 1
#define LOCALHOST "0100007F" /* 127.0.0.1 as the kernel prints it, little-endian ... */
#define LOCALHOST_BIG "7F000001" /* ... and big-endian */
#define MAPPED "0000000000000000FFFF0000"
#define MAPPED_BIG "00000000000000000000FFFF"

/* "0100007F:1F90", alone or mapped into IPv6: its port; 0: another address. */
static unsigned read_end(const char *s)
{
	const char *colon = strchr(s, ':'), *host = s;
	size_t n = colon ? (size_t)(colon - s) : 0;

	if (n == 32 && (!strncmp(s, MAPPED, 24) || !strncmp(s, MAPPED_BIG, 24)))
		host = s + 24;
	else if (n != 8)
		return 0;
	if (strncmp(host, LOCALHOST, 8) != 0 && strncmp(host, LOCALHOST_BIG, 8) != 0)
		return 0;
	return (unsigned)strtoul(colon + 1, NULL, 16);
}

enum peer peer_judge(const char *table, unsigned port, unsigned our_port, uid_t uid)
{
	for (const char *at = table; at && *at;) {
		char local[40], remote[40], line[200];
		const char *end = strchr(at, '\n');
		unsigned state;
		unsigned long of;

		snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
		/* sl local remote st tx:rx tr:when retrnsmt uid */
		if (sscanf(line, " %*[0-9]: %39s %39s %x %*s %*s %*s %lu", local, remote, &state,
		            &of) == 4 &&
		        read_end(local) == port && read_end(remote) == our_port)
			return state != ESTABLISHED   ? PEER_GONE
			       : of == uid || of == 0 ? PEER_OURS
			                              : PEER_OTHER;
		at = end ? end + 1 : NULL;
	}
	return PEER_UNKNOWN;
}

static enum peer look_into(const char *path, unsigned port, unsigned our_port)
{
	struct buf table = buf_of(TABLE_MAX);
	enum peer p = PEER_UNKNOWN;
	int fd = sys_openat(AT_FDCWD, path, O_RDONLY, 0);
	char chunk[16384];
	ssize_t n;

	while (fd >= 0 && (n = sys_read(fd, chunk, sizeof chunk)) > 0)
		if (buf_add(&table, chunk, (size_t)n) != 0)
			break;
	if (fd >= 0)
		(void)sys_close(fd);
	if (table.len)
		p = peer_judge(buf_str(&table), port, our_port, geteuid());
	buf_clear(&table);
	return p;
}

enum peer peer_of(int fd)
{
	struct sockaddr_in there, here;
	socklen_t n = sizeof there, m = sizeof here;
	enum peer p;

	if (getpeername(fd, (struct sockaddr *)&there, &n) != 0)
		return PEER_GONE;
	if (getsockname(fd, (struct sockaddr *)&here, &m) != 0)
		return PEER_UNKNOWN;
	p = look_into("/proc/net/tcp", ntohs(there.sin_port), ntohs(here.sin_port));
	return p != PEER_UNKNOWN
	               ? p
	               : look_into("/proc/net/tcp6", ntohs(there.sin_port), ntohs(here.sin_port));
}

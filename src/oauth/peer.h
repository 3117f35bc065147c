#ifndef VALISE_OAUTH_PEER_H
#define VALISE_OAUTH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Whose the other end of a connection within this machine is. The address of a sign-in
 * stands in the arguments of the browser that is started, where every user of the machine
 * can read it: so an answer counts only from programs of our own user, or of root.
 */

enum peer {
	PEER_OURS,
	PEER_OTHER,
	PEER_GONE, /* it has closed already: whose it was is not told any more */
	PEER_UNKNOWN, /* not in the table: of another kernel, through a tunnel */
};

/*
 * By ${table}, of the form of /proc/net/tcp (proc(5)) or tcp6: the connection from
 * ${port} to ${our_port} of 127.0.0.1.
 */
enum peer peer_judge(const char *table, unsigned port, unsigned our_port, uid_t uid);
/* The other end of ${fd}. */
enum peer peer_of(int fd);

#endif

#ifndef VALISE_NET_PATIENCE_H
#define VALISE_NET_PATIENCE_H

/* A peer that gives an octet now and then is never idle: so many idle times, and so much for each octet that moved, and it is given up. */
enum { PATIENCE_IDLES = 10, PATIENCE_BYTE_MS = 100 };

#endif

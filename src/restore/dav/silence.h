#ifndef VALISE_RESTORE_DAV_SILENCE_H
#define VALISE_RESTORE_DAV_SILENCE_H

#include <stdbool.h>

/*
 * Who would mail invitations when an event with attendees is stored (RFC 6638), though
 * every PUT carries the header fields that ask for silence (proto/dav/write.c).
 */
enum family {
	FAMILY_UNKNOWN,
	FAMILY_CYRUS,
	FAMILY_NEXTCLOUD,
	FAMILY_SABRE,
	FAMILY_SOGO,
	FAMILY_GOOGLE,
};

struct silence {
	enum family family;
	/* the server says calendar-auto-schedule, or does not say what it does */
	bool schedules;
	bool assured; /* an event with attendees can be stored without a mail */
	const char *why; /* one clause for a person */
};

/**
 * silence_of(dav, url, cyrus): ${dav}: the DAV header fields of the calendar home, or
 * NULL; ${url}: of the home; ${cyrus}: it has Cyrus's property scheduling-enabled.
 */
struct silence silence_of(const char *dav, const char *url, bool cyrus);

/* Is ${token} one of a comma-separated list? */
bool dav_announces(const char *dav, const char *token);

#endif

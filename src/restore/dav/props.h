#ifndef VALISE_RESTORE_DAV_PROPS_H
#define VALISE_RESTORE_DAV_PROPS_H

#include "valise/proto/dav/webdav.h"

/*
 * The properties of a collection that a restore sets: their raw XML, and the value that
 * counts when two are compared.
 */
enum {
	PROP_NAME,
	PROP_COMPS,
	PROP_TRANSP,
	PROP_NOTE,
	PROP_ZONE,
	PROP_ZONE_ID,
	PROP_COLOR,
	PROP_ORDER,
	PROP_BOOK_NOTE,
	PROP_BOOK_COLOR,
	PROPS_N
};
enum { COMP_VEVENT = 1, COMP_VTODO = 2, COMP_VJOURNAL = 4, COMP_VFREEBUSY = 8 };

struct props {
	char *xml[PROPS_N]; /* NULL: not there */
	char *value[PROPS_N];
};

const char *props_name(unsigned which); /* Clark notation */
const char *props_word(unsigned which); /* "the colour (calendar-color)" */
bool props_of_kind(unsigned which, bool contacts);

void props_of_response(const struct dav_response *r, struct props *out);
/*
 * From the JSON object of a catalog (Clark name -> raw inner XML), NULL for none;
 * *comps_out: COMP_* of the component set. False: it cannot be understood.
 */
bool props_of_json(const char *json, struct props *out, unsigned *comps_out);
void props_set(struct props *p, unsigned which, const char *xml, const char *value);
/* The component set; 0: none is asked for, which is all that the server takes. */
void props_set_comps(struct props *p, unsigned comps);
void props_clear(struct props *p);
bool props_equal(const struct props *a, const struct props *b, unsigned which);

unsigned comps_of_response(const struct dav_response *r);
unsigned comp_bit(const char *component); /* 0: another */
void comps_put(unsigned comps, struct buf *out); /* "VEVENT, VTODO" */

/*
 * Can it stand as it is in a URL on any server? [A-Za-z0-9._@-]{1,120}, not of dots
 * alone.
 */
bool segment_is_plain(const char *s);

#endif

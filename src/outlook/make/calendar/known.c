/*
 * Time zones that everybody knows, for objects that use one without defining it (RFC 5545 3.6.5
 * wants it defined). A table, not the system's: the same object is the same item everywhere.
 * Offsets and rules as of 2026 (tz database, CLDR windowsZones).
 */
#include <stdlib.h>
#include <strings.h>
#include "outlook/make/calendar/cal.h"
#include "valise/base/mem.h"

enum known_rule { NONE, EUROPE, AMERICA, AUSTRALIA, NEW_ZEALAND };

static const struct known {
	const char *name, *windows;
	int minutes; /* of standard time */
	enum known_rule rule;
} zones[] = {
        {"Etc/UTC", "UTC", 0, NONE},
        {"Etc/GMT", "GMT", 0, NONE},
        {"Europe/London", "GMT Standard Time", 0, EUROPE},
        {"Europe/Dublin", NULL, 0, EUROPE},
        {"Europe/Lisbon", NULL, 0, EUROPE},
        {"Atlantic/Reykjavik", "Greenwich Standard Time", 0, NONE},
        {"Europe/Berlin", "W. Europe Standard Time", 60, EUROPE},
        {"Europe/Amsterdam", NULL, 60, EUROPE},
        {"Europe/Andorra", NULL, 60, EUROPE},
        {"Europe/Belgrade", NULL, 60, EUROPE},
        {"Europe/Bratislava", NULL, 60, EUROPE},
        {"Europe/Brussels", NULL, 60, EUROPE},
        {"Europe/Budapest", "Central Europe Standard Time", 60, EUROPE},
        {"Europe/Copenhagen", NULL, 60, EUROPE},
        {"Europe/Ljubljana", NULL, 60, EUROPE},
        {"Europe/Luxembourg", NULL, 60, EUROPE},
        {"Europe/Madrid", NULL, 60, EUROPE},
        {"Europe/Malta", NULL, 60, EUROPE},
        {"Europe/Monaco", NULL, 60, EUROPE},
        {"Europe/Oslo", NULL, 60, EUROPE},
        {"Europe/Paris", "Romance Standard Time", 60, EUROPE},
        {"Europe/Prague", NULL, 60, EUROPE},
        {"Europe/Rome", NULL, 60, EUROPE},
        {"Europe/Sarajevo", NULL, 60, EUROPE},
        {"Europe/Skopje", NULL, 60, EUROPE},
        {"Europe/Stockholm", NULL, 60, EUROPE},
        {"Europe/Tirane", NULL, 60, EUROPE},
        {"Europe/Vaduz", NULL, 60, EUROPE},
        {"Europe/Vienna", NULL, 60, EUROPE},
        {"Europe/Warsaw", "Central European Standard Time", 60, EUROPE},
        {"Europe/Zagreb", NULL, 60, EUROPE},
        {"Europe/Zurich", NULL, 60, EUROPE},
        {"Europe/Athens", "GTB Standard Time", 120, EUROPE},
        {"Europe/Bucharest", NULL, 120, EUROPE},
        {"Europe/Helsinki", "FLE Standard Time", 120, EUROPE},
        {"Europe/Kiev", NULL, 120, EUROPE},
        {"Europe/Kyiv", NULL, 120, EUROPE},
        {"Europe/Riga", NULL, 120, EUROPE},
        {"Europe/Sofia", NULL, 120, EUROPE},
        {"Europe/Tallinn", NULL, 120, EUROPE},
        {"Europe/Vilnius", NULL, 120, EUROPE},
        {"Europe/Istanbul", "Turkey Standard Time", 180, NONE},
        {"Europe/Moscow", "Russian Standard Time", 180, NONE},
        {"Africa/Johannesburg", "South Africa Standard Time", 120, NONE},
        {"Africa/Lagos", "W. Central Africa Standard Time", 60, NONE},
        {"Africa/Nairobi", "E. Africa Standard Time", 180, NONE},
        {"Asia/Riyadh", "Arab Standard Time", 180, NONE},
        {"Asia/Dubai", "Arabian Standard Time", 240, NONE},
        {"Asia/Karachi", "Pakistan Standard Time", 300, NONE},
        {"Asia/Kolkata", "India Standard Time", 330, NONE},
        {"Asia/Calcutta", NULL, 330, NONE},
        {"Asia/Kathmandu", "Nepal Standard Time", 345, NONE},
        {"Asia/Dhaka", "Bangladesh Standard Time", 360, NONE},
        {"Asia/Bangkok", "SE Asia Standard Time", 420, NONE},
        {"Asia/Jakarta", NULL, 420, NONE},
        {"Asia/Ho_Chi_Minh", NULL, 420, NONE},
        {"Asia/Shanghai", "China Standard Time", 480, NONE},
        {"Asia/Hong_Kong", NULL, 480, NONE},
        {"Asia/Manila", NULL, 480, NONE},
        {"Asia/Singapore", "Singapore Standard Time", 480, NONE},
        {"Asia/Taipei", "Taipei Standard Time", 480, NONE},
        {"Australia/Perth", "W. Australia Standard Time", 480, NONE},
        {"Asia/Tokyo", "Tokyo Standard Time", 540, NONE},
        {"Asia/Seoul", "Korea Standard Time", 540, NONE},
        {"Australia/Darwin", "AUS Central Standard Time", 570, NONE},
        {"Australia/Adelaide", "Cen. Australia Standard Time", 570, AUSTRALIA},
        {"Australia/Brisbane", "E. Australia Standard Time", 600, NONE},
        {"Australia/Sydney", "AUS Eastern Standard Time", 600, AUSTRALIA},
        {"Australia/Melbourne", NULL, 600, AUSTRALIA},
        {"Australia/Hobart", "Tasmania Standard Time", 600, AUSTRALIA},
        {"Pacific/Auckland", "New Zealand Standard Time", 720, NEW_ZEALAND},
        {"America/St_Johns", "Newfoundland Standard Time", -210, AMERICA},
        {"America/Halifax", "Atlantic Standard Time", -240, AMERICA},
        {"America/Puerto_Rico", "SA Western Standard Time", -240, NONE},
        {"America/Sao_Paulo", "E. South America Standard Time", -180, NONE},
        {"America/Argentina/Buenos_Aires", "Argentina Standard Time", -180, NONE},
        {"America/Buenos_Aires", NULL, -180, NONE},
        {"America/New_York", "Eastern Standard Time", -300, AMERICA},
        {"America/Detroit", NULL, -300, AMERICA},
        {"America/Toronto", NULL, -300, AMERICA},
        {"US/Eastern", NULL, -300, AMERICA},
        {"America/Bogota", "SA Pacific Standard Time", -300, NONE},
        {"America/Lima", NULL, -300, NONE},
        {"America/Chicago", "Central Standard Time", -360, AMERICA},
        {"America/Winnipeg", NULL, -360, AMERICA},
        {"US/Central", NULL, -360, AMERICA},
        {"America/Mexico_City", "Central Standard Time (Mexico)", -360, NONE},
        {"America/Denver", "Mountain Standard Time", -420, AMERICA},
        {"America/Edmonton", NULL, -420, AMERICA},
        {"US/Mountain", NULL, -420, AMERICA},
        {"America/Phoenix", "US Mountain Standard Time", -420, NONE},
        {"America/Los_Angeles", "Pacific Standard Time", -480, AMERICA},
        {"America/Vancouver", NULL, -480, AMERICA},
        {"US/Pacific", NULL, -480, AMERICA},
        {"America/Anchorage", "Alaskan Standard Time", -540, AMERICA},
        {"Pacific/Honolulu", "Hawaiian Standard Time", -600, NONE},
};

/* "/mozilla.org/20050126_1/Europe/Berlin" names Europe/Berlin, too. */
static bool is_called(const char *tzid, const char *name)
{
	size_t n = name ? strlen(name) : 0, len = strlen(tzid);

	if (!name || len < n || strcasecmp(tzid + len - n, name) != 0)
		return false;
	return len == n || (tzid[0] == '/' && tzid[len - n - 1] == '/');
}

static void add(struct zone *z, const struct known *k, struct zone_onset to_daylight,
        struct zone_onset to_standard)
{
	struct zone_rule *r = &z->rules[z->n_rules++];

	*r = (struct zone_rule){.from_year = z->n_rules > 1 ? 2007 : 1601,
	        .standard = k->minutes * 60,
	        .daylight = k->minutes * 60,
	        .to_standard = to_standard,
	        .to_daylight = to_daylight};
	if (to_daylight.month)
		r->daylight += 3600;
}

bool zone_known(const char *tzid, struct zone *out)
{
	const struct zone_onset never = {0, 0, 0, 0, 0};
	const struct known *k = NULL;

	for (size_t i = 0; i < COUNT(zones) && !k; i++)
		if (is_called(tzid, zones[i].name) || is_called(tzid, zones[i].windows))
			k = &zones[i];
	if (!k)
		return false;
	out->rules = xcalloc(2, sizeof *out->rules);
	switch (k->rule) {
	case NONE:
		add(out, k, never, never);
		break;
	case EUROPE: { /* at 1:00 UTC */
		unsigned at = (unsigned)(60 + k->minutes) * 60;

		add(out, k, (struct zone_onset){0, 3, 0, 5, at},
		        (struct zone_onset){0, 10, 0, 5, at + 3600});
		break;
	}
	case AMERICA:
		add(out, k, (struct zone_onset){0, 4, 0, 1, 7200},
		        (struct zone_onset){0, 10, 0, 5, 7200});
		add(out, k, (struct zone_onset){0, 3, 0, 2, 7200},
		        (struct zone_onset){0, 11, 0, 1, 7200});
		break;
	case AUSTRALIA:
		add(out, k, (struct zone_onset){0, 10, 0, 1, 7200},
		        (struct zone_onset){0, 4, 0, 1, 10800});
		break;
	case NEW_ZEALAND:
		add(out, k, (struct zone_onset){0, 9, 0, 5, 7200},
		        (struct zone_onset){0, 4, 0, 1, 10800});
		break;
	}
	return true;
}

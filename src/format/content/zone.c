/*
 * Names of time zones that every system knows: those of the tz database, with its links
 * of older names.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "internal.h"

/* What is in no area; sorted. */
static const char *const names[] = {
        "Brazil/Acre",
        "Brazil/DeNoronha",
        "Brazil/East",
        "Brazil/West",
        "CET",
        "CST6CDT",
        "Canada/Atlantic",
        "Canada/Central",
        "Canada/East-Saskatchewan",
        "Canada/Eastern",
        "Canada/Mountain",
        "Canada/Newfoundland",
        "Canada/Pacific",
        "Canada/Saskatchewan",
        "Canada/Yukon",
        "Chile/Continental",
        "Chile/EasterIsland",
        "Cuba",
        "EET",
        "EST",
        "EST5EDT",
        "Egypt",
        "Eire",
        "GB",
        "GB-Eire",
        "GMT",
        "GMT+0",
        "GMT-0",
        "GMT0",
        "Greenwich",
        "HST",
        "Hongkong",
        "Iceland",
        "Iran",
        "Israel",
        "Jamaica",
        "Japan",
        "Kwajalein",
        "Libya",
        "MET",
        "MST",
        "MST7MDT",
        "Mexico/BajaNorte",
        "Mexico/BajaSur",
        "Mexico/General",
        "NZ",
        "NZ-CHAT",
        "Navajo",
        "PRC",
        "PST8PDT",
        "Poland",
        "Portugal",
        "ROC",
        "ROK",
        "Singapore",
        "Turkey",
        "UCT",
        "US/Alaska",
        "US/Aleutian",
        "US/Arizona",
        "US/Central",
        "US/East-Indiana",
        "US/Eastern",
        "US/Hawaii",
        "US/Indiana-Starke",
        "US/Michigan",
        "US/Mountain",
        "US/Pacific",
        "US/Pacific-New",
        "US/Samoa",
        "UTC",
        "Universal",
        "W-SU",
        "WET",
        "Zulu",
};

static int name_cmp(const void *key, const void *name)
{
	return strcmp(key, *(const char *const *)name);
}

bool content_known_zone(const char *tzid)
{
	static const char *const areas[] = {"Africa/", "America/", "Antarctica/", "Arctic/",
	        "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/", "Etc/"};

	if (!tzid)
		return false;
	for (size_t i = 0; i < COUNT(areas); i++)
		if (strncmp(tzid, areas[i], strlen(areas[i])) == 0)
			return true;
	return FIND(tzid, names, COUNT(names), name_cmp);
}

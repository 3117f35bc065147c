/* Lines and words of calendar objects that properties are: MS-OXCICAL 2.1.3, and names of ours. */
#include "outlook/calendar/names.h"
#include <strings.h>
#include "valise/base/mem.h"

static const struct name common[] = {
        {(bag_key)PidLidCompanies, "X-OUTLOOK-COMPANIES", NAME_TEXTS},
        {(bag_key)PidLidBilling, "X-OUTLOOK-BILLING", NAME_TEXT},
        {(bag_key)PidLidMileage, "X-OUTLOOK-MILEAGE", NAME_TEXT},
};
static const struct name event[] = {
        {(bag_key)PidLidOwnerCriticalChange, "X-MICROSOFT-CDO-OWNER-CRITICAL-CHANGE", NAME_TIME},
        {(bag_key)PidLidAttendeeCriticalChange, "X-MICROSOFT-CDO-ATTENDEE-CRITICAL-CHANGE",
                NAME_TIME},
        {(bag_key)PidLidAppointmentReplyTime, "X-MICROSOFT-CDO-REPLYTIME", NAME_TIME},
        {(bag_key)PidLidAppointmentSequenceTime, "X-MICROSOFT-CDO-APPT-SEQUENCE-TIME", NAME_TIME},
        {PidTagOwnerAppointmentId, "X-MICROSOFT-CDO-OWNERAPPTID", NAME_NUMBER},
        {(bag_key)PidLidAppointmentLastSequence, "X-OUTLOOK-LAST-SEQUENCE", NAME_NUMBER},
        {(bag_key)PidLidAppointmentColor, "X-OUTLOOK-COLOR", NAME_NUMBER},
        {(bag_key)PidLidResponseStatus, "X-OUTLOOK-RESPONSESTATUS", NAME_NUMBER},
        {(bag_key)PidLidMeetingWorkspaceUrl, "X-OUTLOOK-WORKSPACE-URL", NAME_TEXT},
        {(bag_key)PidLidCollaborateDoc, "X-MS-OLK-COLLABORATEDOC", NAME_TEXT},
        {(bag_key)PidLidDirectory, "X-MS-OLK-MWSURL", NAME_TEXT},
        {(bag_key)PidLidOrganizerAlias, "X-MS-OLK-ORGALIAS", NAME_TEXT},
        {(bag_key)PidLidAppointmentReplyName, "X-OUTLOOK-REPLYNAME", NAME_TEXT},
        {(bag_key)PidLidOwnerName, "X-OUTLOOK-OWNERNAME", NAME_TEXT},
        {(bag_key)PidLidAppointmentNotAllowPropose, "X-MICROSOFT-DISALLOW-COUNTER", NAME_TRUE},
};
static const struct name task[] = {
        {(bag_key)PidLidTaskOwner, "X-OUTLOOK-OWNER", NAME_TEXT},
        {(bag_key)PidLidTaskAssigner, "X-OUTLOOK-ASSIGNER", NAME_TEXT},
        {(bag_key)PidLidTaskLastUser, "X-OUTLOOK-LAST-USER", NAME_TEXT},
        {(bag_key)PidLidTaskLastDelegate, "X-OUTLOOK-LAST-DELEGATE", NAME_TEXT},
        {(bag_key)PidLidTaskRole, "X-OUTLOOK-ROLE", NAME_TEXT},
        {(bag_key)PidLidTaskEstimatedEffort, "X-OUTLOOK-ESTIMATED-WORK", NAME_MINUTES},
        {(bag_key)PidLidTaskActualEffort, "X-OUTLOOK-ACTUAL-WORK", NAME_MINUTES},
        {(bag_key)PidLidTeamTask, "X-OUTLOOK-TEAM-TASK", NAME_TRUE},
};
/* a VJOURNAL has no end */
static const struct name journal_span[] = {
        {(bag_key)PidLidLogEnd, "X-OUTLOOK-END", NAME_TIME},
        {(bag_key)PidLidLogDuration, "X-OUTLOOK-DURATION", NAME_MINUTES},
};
static const struct name journal[] = {
        {(bag_key)PidLidLogType, "X-OUTLOOK-TYPE", NAME_TEXT},
        /* what documents an entry went through */
        {(bag_key)PidLidLogDocumentPrinted, "X-OUTLOOK-DOCUMENT-PRINTED", NAME_TRUE},
        {(bag_key)PidLidLogDocumentSaved, "X-OUTLOOK-DOCUMENT-SAVED", NAME_TRUE},
        {(bag_key)PidLidLogDocumentRouted, "X-OUTLOOK-DOCUMENT-ROUTED", NAME_TRUE},
        {(bag_key)PidLidLogDocumentPosted, "X-OUTLOOK-DOCUMENT-POSTED", NAME_TRUE},
};
static const struct name note[] = {
        {(bag_key)PidLidNoteX, "X-OUTLOOK-NOTE-X", NAME_PLACE},
        {(bag_key)PidLidNoteY, "X-OUTLOOK-NOTE-Y", NAME_PLACE},
        {(bag_key)PidLidNoteWidth, "X-OUTLOOK-NOTE-WIDTH", NAME_PLACE},
        {(bag_key)PidLidNoteHeight, "X-OUTLOOK-NOTE-HEIGHT", NAME_PLACE},
};
const struct names common_names = {common, COUNT(common)}, event_names = {event, COUNT(event)},
                   task_names = {task, COUNT(task)},
                   journal_span_names = {journal_span, COUNT(journal_span)},
                   journal_names = {journal, COUNT(journal)}, note_names = {note, COUNT(note)};

const char *const class_words[] = {"PUBLIC", "PERSONAL", "PRIVATE", "CONFIDENTIAL", NULL};
const char *const busy_words[] = {"FREE", "TENTATIVE", "BUSY", "OOF", "WORKINGELSEWHERE", NULL};
const char *const color_words[] = {"blue", "green", "pink", "yellow", "white", NULL};

const bag_key conference_keys[CONFERENCES] = {BAG_NAMED(BAG_PLACE_PidNameSkypeTeamsMeetingUrl),
        BAG_NAMED(BAG_PLACE_PidNameOnlineMeetingExternalLink),
        BAG_NAMED(BAG_PLACE_PidNameOnlineMeetingConfLink), (bag_key)PidLidNetShowUrl};

int word_place(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++)
		if (strcasecmp(words[i], word) == 0)
			return i;
	return -1;
}

const char *word_at(const char *const *words, int64_t place)
{
	for (int i = 0; words[i]; i++)
		if (i == place)
			return words[i];
	return NULL;
}

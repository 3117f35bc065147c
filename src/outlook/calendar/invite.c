/* Invitations, answers to them, and cancellations: RFC 5546, MS-OXOCAL 2.2.5 to 2.2.8. */
#include <stdlib.h>
#include <strings.h>
#include "outlook/calendar/calendar.h"
#include "valise/base/mem.h"

static const struct kind {
	const char *class, *method, *partstat; /* partstat: of an answer */
} kinds[] = {
        {"IPM.Schedule.Meeting.Request", "REQUEST", NULL},
        {"IPM.Schedule.Meeting.Canceled", "CANCEL", NULL},
        {"IPM.Schedule.Meeting.Resp.Pos", "REPLY", "ACCEPTED"},
        {"IPM.Schedule.Meeting.Resp.Tent", "REPLY", "TENTATIVE"},
        {"IPM.Schedule.Meeting.Resp.Neg", "REPLY", "DECLINED"},
};

static const struct kind *kind_of(const char *class)
{
	for (size_t i = 0; class && i < COUNT(kinds); i++) {
		size_t n = strlen(kinds[i].class);

		if (strncasecmp(class, kinds[i].class, n) == 0 && (!class[n] || class[n] == '.'))
			return &kinds[i];
	}
	return NULL;
}

static void put_reply(struct conv *c, const char *answer)
{
	char *comment = NULL;
	struct body body;
	struct err err = {0};
	struct event e = {c->b, NULL, NULL};
	int64_t t;

	if (body_read(c->b, &body, &err) == 0) {
		comment = xstrdup(body.text);
		body_clear(&body);
	}
	put_event_head(c, &e);
	lines_text(&c->l, "SUMMARY", bag_text(c->b, PidTagSubject));
	lines_text(&c->l, "LOCATION", bag_text(c->b, (bag_key)PidLidLocation));
	lines_text(&c->l, "COMMENT", comment);
	lines_add(&c->l, "SEQUENCE:%lld",
	        (long long)MAX(bag_int(c->b, (bag_key)PidLidAppointmentSequence, 0), 0));
	put_answer(c, answer);
	/* a counter proposal asks for other times; those of now are told beside it */
	if (strcmp(c->method, "COUNTER") == 0 &&
	        bag_time(c->b, (bag_key)PidLidAppointmentStartWhole, &t))
		put_utc(&c->l, "X-MS-OLK-ORIGINALSTART", t);
	if (strcmp(c->method, "COUNTER") == 0 &&
	        bag_time(c->b, (bag_key)PidLidAppointmentEndWhole, &t))
		put_utc(&c->l, "X-MS-OLK-ORIGINALEND", t);
	lines_add(&c->l, "END:VEVENT");
	free(comment);
}

int outlook_invitation(struct bag *b, const struct outlook_to *to, const char **method_out,
        bool *is_out, struct err *err)
{
	struct conv c = {.to = to, .b = b};
	struct err unheard = {0};
	const struct kind *k = kind_of(bag_text(b, PidTagMessageClass));
	int rc;

	*is_out = k != NULL;
	if (!k)
		return 0;
	c.method = k->method;
	if (k->partstat && bag_bool(b, (bag_key)PidLidAppointmentCounterProposal))
		c.method = "COUNTER";
	lines_init(&c.l, to->write, to->ctx, err ? err : &unheard);
	c.uid = uid_of_meeting(b);
	event_prepare(&c);
	conv_begin(&c);
	put_zones(&c);
	if (k->partstat)
		put_reply(&c, k->partstat);
	else
		put_vevents(&c);
	lines_add(&c.l, "END:VCALENDAR");
	rc = lines_flush(&c.l);
	*method_out = c.method;
	conv_clear(&c);
	return rc;
}

/* POP3 source: is what came all of the message? See judge.h. */
#include "judge.h"

static bool lent_or_exact(uint64_t octets, uint64_t size)
{
	return octets == size || octets == size + 2;
}

bool pop3_size_fits(const struct pop3_shape *came, uint64_t size)
{
	uint64_t octets = came->octets, lines = came->lines;

	if (lent_or_exact(octets, size))
		return true;
	return lines > 0 && (octets - lines == size || octets - lines == size + 1);
}

/**
 * Lines with a single dot show that the server does not stuff, at least not all: that dot
 * belongs to the message. Whether one of two dots does, too, only the size tells.
 */
static enum pop3_verdict by_single_dots(const struct pop3_shape *came, uint64_t size)
{
	if (lent_or_exact(came->octets + came->single, size) || came->doubled == 0)
		return POP3_ASK_DOUBLED;
	if (lent_or_exact(came->octets + came->single + came->doubled, size))
		return POP3_ASK_BY_SIZE;
	return POP3_NOT_WHOLE;
}

enum pop3_verdict pop3_judge(const struct pop3_shape *came, const struct pop3_asked *asked)
{
	const struct pop3_want *w = &asked->want;

	if (w->dots == POP3_BY_SIZE)
		return came->astray ? POP3_NOT_WHOLE : POP3_KEEP;
	/* once more: the line may have been disturbed */
	if (came->astray && asked->astray == 0)
		return POP3_ASK_CHECKED;
	if (came->astray)
		return w->size ? POP3_ASK_BY_SIZE : POP3_NOT_WHOLE;
	if (w->dots == POP3_STUFFED && came->single && came->octets != w->size)
		return by_single_dots(came, w->size);
	if (pop3_size_fits(came, w->size))
		return POP3_KEEP;
	if (w->top)
		return POP3_ASK_RETR;
	return w->check && !asked->doubted ? POP3_KEEP : POP3_ASK_CHECKED;
}

bool pop3_may_ask(const struct pop3_load *ahead, uint64_t size)
{
	if (ahead->messages == 0)
		return true;
	return ahead->messages < POP3_AHEAD && ahead->octets < POP3_AHEAD_BYTES &&
	       size <= POP3_AHEAD_BYTES - ahead->octets;
}

bool pop3_is_due(const struct pop3_load *taken)
{
	return taken->messages >= POP3_SYNC || taken->octets >= POP3_SYNC_BYTES;
}

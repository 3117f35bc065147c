/* The answer of a hostile server to Autodiscover. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "discover/pox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each text is one line. */
static void check_line(const char *text)
{
	if (text && (!*text || strlen(text) > 4096 || strpbrk(text, "\r\n\t\x1b\x7f")))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pox_answer a;
	bool good = pox_read((const char *)data, size, &a);
	enum pox_step step = pox_decide(good ? &a : NULL);
	const char *const texts[] = {a.redirect_address, a.redirect_url, a.address, a.mailbox,
	        a.external, a.internal, a.archive_address, a.archive_mailbox, a.archive_server,
	        a.public_folders};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		check_line(texts[i]);
	if (step == POX_FOUND && (!a.mailbox || (!a.external && !a.internal)))
		abort();
	if (!good && (a.mailbox || a.external || a.error))
		abort();
	if (a.external && a.archive_server)
		free(pox_url_beside(a.external, a.archive_server));
	pox_clear(&a);
	return 0;
}

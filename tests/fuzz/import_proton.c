/* Proton's JSON beside a message, and its list of labels behind the first NUL: folders, always. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "import/mail/mail.h"
#include "valise/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, 0, size);
	size_t n = end ? (size_t)(end - data) : size;
	char *labels = end ? xstrndup((const char *)end + 1, size - n - 1) : NULL;
	struct import_labels l = {0};
	int64_t date;

	if (proton_read((const char *)data, n, labels, &l, &date) && (!l.folders || !l.folders[0]))
		abort();
	for (size_t i = 0; l.folders && l.folders[i]; i++)
		if (!l.folders[i][0])
			abort();
	labels_clear(&l);
	free(labels);
	return 0;
}

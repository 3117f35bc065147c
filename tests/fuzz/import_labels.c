/* X-Gmail-Labels: whatever it holds, there is a mailbox, and a list of labels that is JSON. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "import/give.h"
#include "valise/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import_labels l;
	json_t *list = NULL;

	labels_read((const char *)data, size, &l);
	if (!l.folders || !l.folders[0])
		abort();
	for (size_t i = 0; l.folders[i]; i++)
		if (!l.folders[i][0] || (i && strcmp(l.folders[i - 1], l.folders[i]) >= 0))
			abort();
	if (l.labels && (json_read(l.labels, strlen(l.labels), 4 << 20, &list, NULL) < 0 ||
	                        json_array_size(list) == 0))
		abort();
	json_decref(list);
	labels_clear(&l);
	return 0;
}

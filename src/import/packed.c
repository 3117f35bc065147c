/* What is inside zip and tar files, by libarchive with these formats alone. */
#include <string.h>
#include "import/file.h"

bool import_is_packed(const void *head, size_t n)
{
	const char *p = head;

	return (n >= 4 && !memcmp(p, "PK\3\4", 4)) || (n >= 2 && !memcmp(p, "\x1f\x8b", 2)) ||
	       (n >= 262 && !memcmp(p + 257, "ustar", 5));
}

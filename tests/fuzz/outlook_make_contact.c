/* Octets as a card, see outlook_make.h. */
#include "outlook_make.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size <= 1 << 20)
		look(OUTLOOK_CONTACT, data, size);
	return 0;
}

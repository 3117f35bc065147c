/* Messages with a winmail.dat: the data is one. What comes of it is a message with as many parts
 * outside. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/winmail/winmail.h"

static int put(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(ctx, p, n);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf message = buf_of(SIZE_MAX), out = buf_of(SIZE_MAX);
	struct winmail_to to = {.write = put, .ctx = &out};
	char *text = base64_encode(data, size);
	struct mime_message *m;
	unsigned opened;

	buf_puts(&message,
	        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nt\n--b\nContent-Type: "
	        "application/ms-tnef\nContent-Transfer-Encoding: base64\n\n");
	buf_puts(&message, text);
	buf_puts(&message, "\n--b\n\nlast\n--b--\n");
	if (mime_open_octets(message.data, message.len, &m, NULL) < 0 ||
	        winmail_open(m, &to, &opened, NULL) < 0)
		abort();
	mime_free(m);
	if (out.len < 16 || memcmp(out.data + out.len - 16, "--b\n\nlast\n--b--\n", 16) != 0)
		abort();
	free(text);
	buf_clear(&message);
	buf_clear(&out);
	return 0;
}

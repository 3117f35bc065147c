/*
 * Pages of calendar objects and cards, and names of attachments: whatever the octets are, no
 * markup of theirs is on the page, and no name is a path or ends in what browsers run.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "export/html/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Elements that fields.c writes, and no other '<'. */
static void check_page(const struct buf *b)
{
	static const char *const tags[] = {"<dl class=\"facts\">", "</dl>", "<dt>", "</dt>",
	        "<dd><pre>", "</pre></dd>", "<p class=\"note\">", "</p>"};

	for (const char *p = strchr(buf_str(b), '<'); p; p = strchr(p + 1, '<')) {
		size_t i = 0;

		while (i < 8 && strncmp(p, tags[i], strlen(tags[i])) != 0)
			i++;
		/* "<pre>" within "<dd><pre>" and so on */
		if (i == 8 && strncmp(p, "<pre>", 5) != 0 && strncmp(p, "</dd>", 5) != 0)
			abort();
	}
	if (strlen(buf_str(b)) != b->len)
		abort();
}

static void check_name(const char *name)
{
	static const char *const bad[] = {".html", ".htm", ".svg", ".xml", ".js", ".exe", ".lnk"};

	if (strspn(name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-.") !=
	                strlen(name) ||
	        strlen(name) > 80 || strstr(name, ".."))
		abort();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		size_t n = strlen(name), k = strlen(bad[i]);

		if (n >= k && strcmp(name + n - k, bad[i]) == 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf page = buf_of(HTML_PAGE_CAP), other = buf_of(HTML_ITEM_MAX);
	char *name = malloc(size + 1);

	memcpy(name, data, size);
	name[size] = '\0';
	html_event(data, size, &page);
	check_page(&page);
	buf_reset(&page);
	html_card(data, size, &page);
	check_page(&page);
	(void)html_photo(data, size, &other);
	buf_reset(&other);
	(void)html_safe_file(7, name, size & 1 ? "image/png" : name, &other);
	check_name(buf_str(&other));
	buf_reset(&other);
	html_folder_dir(name, &other);
	check_name(buf_str(&other));
	buf_clear(&page);
	buf_clear(&other);
	free(name);
	return 0;
}

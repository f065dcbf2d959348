/* SPDX-License-Identifier: BSD-3-Clause */
/* Members of the configuration as text. */
#include <string.h>
#include <core/config_names.h>
#include <vmm/printf.h>

/* The text of a member, in buf if it has to be made. */
static const char *member_text(const struct config_name *row, const void *m,
			       char *buf, size_t size)
{
	const unsigned char *b = m;
	int value;

	if (row->secret)
		return *(const char *)m ? "(set)" : "(not set)";
	switch (row->type) {
	case CONFIG_STRING:
		return m;
	case CONFIG_IPV4:
		vmm_snprintf(buf, size, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
		break;
	case CONFIG_MAC:
		vmm_snprintf(buf, size, "%02X:%02X:%02X:%02X:%02X:%02X", b[0],
			     b[1], b[2], b[3], b[4], b[5]);
		break;
	case CONFIG_INT:
		memcpy(&value, m, sizeof(value));
		if (row->word && value == row->word_value)
			return row->word;
		vmm_snprintf(buf, size, "%d", value);
		break;
	}
	return buf;
}

const char *config_member(const struct config_data *cfg, size_t n, size_t at,
			  char *value, size_t size, size_t *left)
{
	const struct config_name *row;
	const char *text;
	char buf[24] = "";
	size_t len;

	if (n >= config_names_count)
		return NULL;
	row = &config_names[n];
	text = member_text(row, (const char *)cfg + row->offset, buf,
			   sizeof(buf));
	len = strnlen(text, text == buf ? sizeof(buf) : row->size);
	if (row->secret || text == row->word)
		len = strlen(text);
	if (at > len)
		at = len;
	*left = len - at;
	if (*left > size - 1)
		*left = size - 1;
	memcpy(value, text + at, *left);
	value[*left] = '\0';
	*left = len - at - *left;
	return row->name;
}

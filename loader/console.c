/* SPDX-License-Identifier: BSD-3-Clause */
#include "loader.h"
#include "text.h"

#define CHUNK	128u	/* characters for one call of the firmware */

static void flush(struct loader *l, CHAR16 *buf, unsigned *n)
{
	buf[*n] = 0;
	if (*n)
		l->st->ConOut->OutputString(l->st->ConOut, buf);
	*n = 0;
}

BV_ABI void console_write(void *loader, const char *text, uint64_t n)
{
	struct loader *l = loader;
	CHAR16 buf[CHUNK + 1];
	unsigned used = 0;

	if (!l->st->ConOut)
		return;		/* a machine without any console */
	for (uint64_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (used + 2 > CHUNK)
			flush(l, buf, &used);
		if (c == '\n')
			buf[used++] = '\r';
		/* The firmware's fonts promise printable ASCII only. */
		buf[used++] = c < 0x7f && c ? c : '?';
	}
	flush(l, buf, &used);
}

void console_report(struct loader *l, const char *format, ...)
{
	static const char prefix[] = "loadvmm: ";
	char line[768];
	size_t n;
	va_list args;

	va_start(args, format);
	n = text_vformat(line, sizeof(line) - 1, format, args);
	va_end(args);
	line[n++] = '\n';
	console_write(l, prefix, sizeof(prefix) - 1);
	console_write(l, line, n);
}

const char *console_status(EFI_STATUS status)
{
	switch (status) {
	case EFI_LOAD_ERROR:
		return "load error";
	case EFI_INVALID_PARAMETER:
		return "invalid parameter";
	case EFI_UNSUPPORTED:
		return "unsupported";
	case EFI_BAD_BUFFER_SIZE:
		return "too large";
	case EFI_DEVICE_ERROR:
		return "device error";
	case EFI_OUT_OF_RESOURCES:
		return "out of memory";
	case EFI_VOLUME_CORRUPTED:
		return "file system damaged";
	case EFI_NO_MEDIA:
		return "no medium";
	case EFI_MEDIA_CHANGED:
		return "medium changed";
	case EFI_NOT_FOUND:
		return "not found";
	case EFI_ACCESS_DENIED:
		return "access denied";
	case EFI_TIMEOUT:
		return "timeout";
	case EFI_ALREADY_STARTED:
		return "already started";
	case EFI_ABORTED:
		return "aborted";
	case EFI_END_OF_FILE:
		return "file ends early";
	case EFI_SECURITY_VIOLATION:
		return "not allowed by Secure Boot";
	default:
		return "firmware error";
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <vmm/error.h>

static struct vmm_error_origin latest;

int vmm_error_at(int error, const char *file, int line)
{
	latest.file = file;
	latest.line = line;
	latest.error = -error;
	return -error;
}

struct vmm_error_origin vmm_error_origin(void)
{
	return latest;
}

const char *vmm_error_name(int error)
{
#define NAME(e) case e: return #e
	switch (error < 0 ? -error : error) {
	NAME(EPERM);
	NAME(ENOENT);
	NAME(EIO);
	NAME(E2BIG);
	NAME(ENOEXEC);
	NAME(EAGAIN);
	NAME(ENOMEM);
	NAME(EACCES);
	NAME(EFAULT);
	NAME(EBUSY);
	NAME(EEXIST);
	NAME(ENODEV);
	NAME(EINVAL);
	NAME(ENOSPC);
	NAME(ERANGE);
	NAME(ENOSYS);
	NAME(ENODATA);
	NAME(EPROTO);
	NAME(EBADMSG);
	NAME(EOVERFLOW);
	NAME(EOPNOTSUPP);
	NAME(ETIMEDOUT);
	NAME(EALREADY);
	NAME(ENETDOWN);
	NAME(ECANCELED);
	default:
		return "E?";
	}
#undef NAME
}

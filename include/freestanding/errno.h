/* SPDX-License-Identifier: BSD-3-Clause */
/* errno values for freestanding code; the numbers are those of Linux, so
 * that code tested on the host sees the same. */
#ifndef FREESTANDING_ERRNO_H
#define FREESTANDING_ERRNO_H

#define EPERM		1
#define ENOENT		2
#define EIO		5
#define E2BIG		7
#define ENOEXEC		8
#define EAGAIN		11
#define ENOMEM		12
#define EACCES		13
#define EFAULT		14
#define EBUSY		16
#define EEXIST		17
#define ENODEV		19
#define EINVAL		22
#define ENOSPC		28
#define EDOM		33
#define ERANGE		34
#define ENOSYS		38
#define ENODATA		61
#define EPROTO		71
#define EOVERFLOW	75
#define EBADMSG		74
#define EOPNOTSUPP	95
#define ENETDOWN	100
#define ETIMEDOUT	110
#define EALREADY	114
#define ECANCELED	125

#endif

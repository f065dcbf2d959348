/* SPDX-License-Identifier: BSD-3-Clause */
#include <cpuid.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include "call.h"

#define HYGON_EBX 0x6f677948u	/* "Hygo", "nGenuine" */

static sigjmp_buf refused;

static void on_refusal(int signal)
{
	siglongjmp(refused, signal);
}

/* AMD's processors and their relatives raise #UD on VMCALL, Intel's and the
 * rest on VMMCALL. */
static bool is_amd(void)
{
	unsigned eax, ebx, ecx, edx;

	if (!__get_cpuid(0, &eax, &ebx, &ecx, &edx))
		return false;
	return ebx == signature_AMD_ebx || ebx == HYGON_EBX;
}

bool bvlog_call(struct bvlog_regs *regs)
{
	struct sigaction action, old_ill, old_segv;
	volatile bool answered = false;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_refusal;
	/* SIGSEGV: a hypervisor may answer with #GP instead of #UD. */
	sigaction(SIGILL, &action, &old_ill);
	sigaction(SIGSEGV, &action, &old_segv);
	if (!sigsetjmp(refused, 1)) {
		if (is_amd())
			bvlog_vmmcall(regs);
		else
			bvlog_vmcall(regs);
		answered = true;
	}
	sigaction(SIGILL, &old_ill, NULL);
	sigaction(SIGSEGV, &old_segv, NULL);
	return answered;
}

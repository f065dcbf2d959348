/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE		/* REG_RIP */
#include "exits_world.h"
#include <signal.h>
#include <stdio.h>
#include <svm/svm_priv.h>
#include <ucontext.h>
#include <vmm/log.h>
#include <vmx/vmx_priv.h>
#include <vmx/vmx_start.h>

struct exits_world exits_world;
uint64_t fake_vmcs[FAKE_VMCS_FIELDS];
struct vmx_machine vmx;

static void step_over(int number, siginfo_t *info, void *context)
{
	ucontext_t *c = context;
	greg_t *rip = &c->uc_mcontext.gregs[REG_RIP];
	const uint8_t *code = (const uint8_t *)*rip;

	(void)info;
	if (code[0] == 0x0f && code[1] == 0x01 && (code[2] & 0xfe) == 0xdc) {
		*rip += 3;
	} else if (code[0] == 0xcd && code[1] == 2) {
		*rip += 2;
	} else if (code[0] == 0x0f && code[1] == 0x09) {
		*rip += 2;
		exits_world.wbinvds++;
	} else {
		signal(number, SIG_DFL);
	}
}

void exits_world_privileged(void)
{
	struct sigaction action = {
		.sa_sigaction = step_over, .sa_flags = SA_SIGINFO,
	};

	sigaction(SIGILL, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
}

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

bool vmm_ratelimit_ok(struct vmm_ratelimit *limit, uint32_t *suppressed)
{
	(void)limit;
	*suppressed = 0;
	return false;
}

void svm_step(struct vmm_vcpu *v)
{
	(void)v;
	exits_world.steps++;
}

void vmx_step(struct vmm_vcpu *v)
{
	(void)v;
	exits_world.steps++;
}

void svm_iret(struct vmm_vcpu *v) { (void)v; }
void svm_nmi_try(struct vmm_vcpu *v) { (void)v; }
bool svm_step_done(struct vmm_vcpu *v) { (void)v; return false; }
void vmx_flush_linear(struct vmx_vcpu *x) { (void)x; }

bool vmx_step_done(struct vmm_vcpu *v, unsigned basic)
{
	(void)v;
	(void)basic;
	return false;
}

enum vmm_verdict vmx_forced_exit(struct vmm_vcpu *v, unsigned basic,
				 struct vmm_exit *e)
{
	(void)v;
	(void)basic;
	(void)e;
	return VMM_PASS;
}

void vmx_explain(struct vmm_vcpu *v, uint32_t reason, char *text, size_t size)
{
	(void)v;
	snprintf(text, size, "%#x", reason);
}

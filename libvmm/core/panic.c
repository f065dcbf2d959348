/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of the VMM, in stages.  A panic inside a stage goes on with the
 * next one, so that a fault in a dump costs that dump only, and there is an
 * end to it whatever happens.
 */
#include <bitvisor/config.h>
#include <core/core_priv.h>
#include <core/symbols.h>
#include <vmm/log.h>
#include <vmm/panic.h>
#include <vmm/printf.h>
#include <vmm/spinlock.h>
#include <vmm/vcpu.h>
#include <vmm/vmm.h>

/* Panics in panics that are still reported. */
#define MAX_DEPTH	8u
#define REBOOT_SECONDS	5u
/* How long the stopped processors get for their dumps, in steps. */
#define WAIT_STEP_USEC	1000u
#define WAIT_STEPS	2000u

static struct {
	uint64_t owner;		/* APIC ID of the panicking CPU + 1, or 0 */
	unsigned depth;
	unsigned stage;
	uint64_t first_line;
	char message[256];	/* of the first panic */
	/* Processors stopped, those that have dumped; the lock is for one
	 * dump after the other. */
	unsigned stopped, dumped;
	bool may_dump;
	struct vmm_spinlock dump_lock;
} state = { .first_line = UINT64_MAX };

/* Where this panic, of perhaps several nested ones, comes from. */
struct source {
	const struct vmm_host_frame *frame;	/* NULL: not an exception */
	uint64_t rip, rbp;
};

static const char *const exception_names[] = {
	"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM",
	"#DF", "coprocessor segment overrun", "#TS", "#NP",
	"#SS", "#GP", "#PF", "reserved", "#MF", "#AC", "#MC", "#XM",
	"#VE", "#CP", "reserved", "reserved", "reserved", "reserved",
	"reserved", "reserved", "#HV", "#VC", "#SX", "reserved",
};

static const char *exception_name(uint64_t vector)
{
	return vector < VMM_ARRAY_SIZE(exception_names) ?
	       exception_names[vector] : "interrupt";
}

uint64_t vmm_panic_first_line(void)
{
	return __atomic_load_n(&state.first_line, __ATOMIC_ACQUIRE);
}

/* --- stages --- */

static void log_message(const char *message)
{
	const struct vmm_vcpu *v = vmm_vcpu_current();

	if (v)
		vmm_log_err("panic(CPU%u): %s\n", vmm_vcpu_number(v), message);
	else
		vmm_log_err("panic: %s\n", message);
}

static void dump_frame(const struct vmm_host_frame *f)
{
	vmm_log_err("RAX %08lX    RCX %08lX    RDX %08lX    RBX %08lX\n",
		    f->rax, f->rcx, f->rdx, f->rbx);
	vmm_log_err("RSP %08lX    RBP %08lX    RSI %08lX    RDI %08lX\n",
		    f->rsp, f->rbp, f->rsi, f->rdi);
	vmm_log_err("R8  %08lX    R9  %08lX    R10 %08lX    R11 %08lX\n",
		    f->r8, f->r9, f->r10, f->r11);
	vmm_log_err("R12 %08lX    R13 %08lX    R14 %08lX    R15 %08lX\n",
		    f->r12, f->r13, f->r14, f->r15);
	vmm_log_err("RIP %08lX    RFLAGS %08lX    CS %04lX    SS %04lX    "
		    "error code %08lX\n", f->rip, f->rflags, f->cs, f->ss,
		    f->error);
}

static void dump_host(const struct source *src)
{
	const struct vmm_vcpu *v = vmm_vcpu_current();

	vmm_log_err("CPU%u:\n", v ? vmm_vcpu_number(v) : 0);
	vmm_host_dump_control();
	if (src->frame)
		dump_frame(src->frame);
}

static void dump_backtrace(const struct source *src)
{
	vmm_backtrace_log(vmm_machine.handoff, src->rip, src->rbp);
}

static void dump_own_guest(const struct source *src)
{
	struct vmm_vcpu *v = vmm_vcpu_current();

	(void)src;
	if (v)
		vmm_dump_guest(v, VMM_LOG_ERR);
}

/* Let the stopped processors speak, as long as they make progress. */
static void dump_other_guests(const struct source *src)
{
	(void)src;
	__atomic_store_n(&state.may_dump, true, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < WAIT_STEPS; i++) {
		if (__atomic_load_n(&state.dumped, __ATOMIC_ACQUIRE) >=
		    __atomic_load_n(&state.stopped, __ATOMIC_ACQUIRE))
			break;
		vmm_delay_usec(WAIT_STEP_USEC);
	}
	__atomic_store_n(&state.may_dump, false, __ATOMIC_RELEASE);
}

static void dump_units(const struct source *src)
{
	(void)src;
	vmm_units_panic_dump(&vmm_machine);
}

/* Once more, for those who only see the end. */
static void repeat_message(const struct source *src)
{
	(void)src;
	log_message(state.message);
}

static void announce_end(const struct source *src)
{
	(void)src;
	if (!config.vmm.panic_reboot) {
		vmm_log_err("Unrecoverable error.\n");
		return;
	}
	vmm_log_err("Reboot in %u seconds...\n", REBOOT_SECONDS);
	vmm_delay_usec(REBOOT_SECONDS * UINT64_C(1000000));
	vmm_log_err("Rebooting...\n");
}

/* Devices must not go on with DMA into what the next system will own. */
static void shut_down_units(const struct source *src)
{
	(void)src;
	if (config.vmm.panic_reboot)
		vmm_units_shutdown(&vmm_machine);
}

static void end(const struct source *src)
{
	(void)src;
	if (config.vmm.panic_reboot)
		vmm_reset_machine();
}

static void (*const stages[])(const struct source *src) = {
	dump_host,
	dump_backtrace,
	dump_own_guest,
	dump_other_guests,
	dump_units,
	repeat_message,
	announce_end,
	shut_down_units,
	end,
};

/* --- entry --- */

/* Too many panics in panics: no more words. */
static VMM_NORETURN void give_up(void)
{
	if (config.vmm.panic_reboot && state.depth == MAX_DEPTH + 1)
		vmm_reset_machine();
	vmm_host_halt();
}

/* Become the one CPU that panics, or stop here if another one does. */
static void claim(void)
{
	uint64_t me = vmm_host_apic_id() + UINT64_C(1);
	uint64_t owner = 0;
	uint64_t line;

	vmm_host_interrupts_off();
	if (__atomic_compare_exchange_n(&state.owner, &owner, me, false,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		vmm_cpus_stop();
	else if (owner != me)
		vmm_panic_stopped();
	if (++state.depth > MAX_DEPTH)
		give_up();
	line = vmm_log_enter_panic();
	if (state.first_line == UINT64_MAX)
		__atomic_store_n(&state.first_line, line, __ATOMIC_RELEASE);
}

static VMM_NORETURN void run_stages(const struct source *src)
{
	while (state.stage < VMM_ARRAY_SIZE(stages))
		stages[state.stage++](src);
	vmm_host_halt();
}

void vmm_panic(const char *fmt, ...)
{
	const struct source src = {
		.rbp = (uintptr_t)__builtin_frame_address(0),
	};
	char nested[sizeof(state.message)];
	char *message;
	va_list ap;

	claim();
	message = state.depth == 1 ? state.message : nested;
	va_start(ap, fmt);
	vmm_vsnprintf(message, sizeof(state.message), fmt, ap);
	va_end(ap);
	log_message(message);
	run_stages(&src);
}

void vmm_panic_regs(const struct vmm_host_frame *frame)
{
	const struct source src = { frame, frame->rip, frame->rbp };
	const char *name = exception_name(frame->vector);
	char nested[80];
	char *message;

	claim();
	vmm_log_err("Error: An exception in VMM!\n");
	vmm_log_err("Interrupt number: 0x%02lX %s\n", frame->vector, name);
	message = state.depth == 1 ? state.message : nested;
	vmm_snprintf(message, sizeof(nested), "int_fatal 0x%02lX %s at 0x%lx",
		     frame->vector, name, frame->rip);
	log_message(message);
	run_stages(&src);
}

void vmm_assert_failed(const char *expr, const char *func, const char *file,
		       int line)
{
	vmm_panic("assertion failed in %s (%s:%d): %s", func, file, line, expr);
}

void vmm_panic_stopped(void)
{
	struct vmm_vcpu *v = vmm_vcpu_current();

	vmm_host_interrupts_off();
	if (v) {
		__atomic_fetch_add(&state.stopped, 1, __ATOMIC_ACQ_REL);
		while (!__atomic_load_n(&state.may_dump, __ATOMIC_ACQUIRE))
			__builtin_ia32_pause();
		vmm_spin_lock(&state.dump_lock);
		if (__atomic_load_n(&state.may_dump, __ATOMIC_ACQUIRE))
			vmm_dump_guest(v, VMM_LOG_ERR);
		vmm_spin_unlock(&state.dump_lock);
		__atomic_fetch_add(&state.dumped, 1, __ATOMIC_ACQ_REL);
	}
	vmm_host_halt();
}

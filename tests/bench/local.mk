# SPDX-License-Identifier: BSD-3-Clause
# `make bench`, `make bench-net`: what the VMM costs, in ratios to the bare
# machine.
EXTRA_DIST += tests/bench/bench tests/bench/netbench tests/bench/mark.c
CLEANFILES += tests/bench/mark

tests/bench/mark: tests/bench/mark.c
	$(AM_V_at)$(MKDIR_P) tests/bench
	$(AM_V_CCLD)$(CC) -std=gnu11 $(BV_WARNINGS) -O2 -ffreestanding \
		-fno-stack-protector -U_FORTIFY_SOURCE -fcf-protection=none \
		-fno-pie -no-pie -static -nostdlib -Wl,--build-id=none \
		-o $@ $<

.PHONY: bench bench-net clean-bench
bench: emu-programs tests/bench/mark
	BV_BUILD=. $(top_srcdir)/tests/bench/bench $(BENCH)
bench-net: emu-programs
	BV_BUILD=. $(top_srcdir)/tests/bench/netbench $(BENCH)

clean-local: clean-bench
clean-bench:
	rm -rf tests/bench/logs

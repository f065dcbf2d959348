# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# For tests that report by the Test Anything Protocol: sourced by them.
# shellcheck disable=SC2034,SC2317 # the variables are for the sourcing script
: "${srcdir=.}" "${CC=gcc}" "${NM=nm}" "${OBJDUMP=objdump}" "${READELF=readelf}"
LC_ALL=C
export LC_ALL NM OBJDUMP READELF
tap_count=0
tap_failed=0
tap_tmp=$(mktemp -d)
trap 'rm -rf "$tap_tmp"' EXIT

# usage: check NAME COMMAND...: passes if the command succeeds; what it says
# is shown if not.
check()
{
	tap_name=$1
	shift
	tap_count=$((tap_count + 1))
	if "$@" >"$tap_tmp/out" 2>&1; then
		echo "ok $tap_count - $tap_name"
	else
		echo "not ok $tap_count - $tap_name"
		sed 's/^/#	/' "$tap_tmp/out"
		tap_failed=1
	fi
}

# usage: skip NAME REASON
skip()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# Run last.
finish()
{
	echo "1..$tap_count"
	exit $tap_failed
}

#!/usr/bin/env bash
# What some tests need of the system and skip loudly without: installed where we are root on Debian or Ubuntu.
set -euo pipefail
missing=()
command -v strace > /dev/null || missing+=(strace)
command -v chromium > /dev/null || command -v google-chrome > /dev/null || missing+=(chromium)
command -v nginx > /dev/null || [ -x /usr/sbin/nginx ] || missing+=(nginx-light)
compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' > /dev/null || missing+=(faketime)
if [ ${#missing[@]} = 0 ]; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  apt-get update -qq && apt-get install -qq --yes --no-install-recommends "${missing[@]}"
else
  echo "${missing[*]} missing: tests that kill at single system calls, use the page, stand behind a proxy or let the clock jump will be skipped" >&2
fi

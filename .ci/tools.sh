#!/usr/bin/env bash
# What some tests need of the system and skip loudly without: installed where we are root on Debian or Ubuntu.
set -euo pipefail
if command -v strace > /dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  apt-get update -qq && apt-get install -qq --yes --no-install-recommends strace
else
  echo "strace is missing: the tests that kill at single system calls will be skipped" >&2
fi

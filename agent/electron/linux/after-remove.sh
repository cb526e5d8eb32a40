#!/bin/sh
# Run by dpkg as root. Configuration and data stay: they hold sales that HQ may not have yet.
set -e
case "$1" in
  upgrade | failed-upgrade | abort-upgrade) exit 0 ;;
esac
rm -f '/usr/bin/${executable}' /usr/lib/udev/rules.d/70-tillside.rules
if [ -S /run/udev/control ]; then
  udevadm control --reload
fi

#!/bin/bash
# Runs as root in the virtual machine: udev with the shipped rule, three USB ports to plug into, then the scenarios of guest.ts.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd); root=$(cd "$here/../.." && pwd)
mkdir -p /run/udev /etc/udev/rules.d
cp "$root/agent/electron/linux/70-tillside.rules" /etc/udev/rules.d/
/lib/systemd/systemd-udevd --daemon 2>/dev/null
# The kit loads the simulated USB host with one port; printer, serial scanner and HID scanner want one each.
rmmod dummy_hcd; insmod "$(find "$root/.cache/hardware-vm/kernel/lib/modules" -name dummy_hcd.ko)" num=3
insmod "$(find "$root/.cache/hardware-vm/kernel/lib/modules" -name evdev.ko)" # keyboards at /dev/input/eventN
udevadm trigger --action=add && udevadm settle -t 30
export UV_THREADPOOL_SIZE=16
exec "$root/node_modules/.bin/node" --disable-warning=ExperimentalWarning "$here/guest.ts"

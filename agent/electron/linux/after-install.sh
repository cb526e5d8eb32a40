#!/bin/sh
# Run by dpkg as root after the files are in place. electron-builder fills in ${sanitizedProductName} and ${executable}.
set -e
folder='/opt/${sanitizedProductName}'

ln -sf '/opt/${sanitizedProductName}/${executable}' '/usr/bin/${executable}'

# Chromium's sandbox helper, for kernels without unprivileged user namespaces.
chmod 4755 "$folder/chrome-sandbox"

# Rights for scanners and printers. A local rule in /etc goes over this one.
install -D -m 0644 "$folder/resources/70-tillside.rules" /usr/lib/udev/rules.d/70-tillside.rules
if [ -S /run/udev/control ]; then
  udevadm control --reload
  udevadm trigger --subsystem-match=hidraw --subsystem-match=tty --subsystem-match=usbmisc
fi

# The place of the configuration; an existing one is never touched.
install -d -m 0755 /etc/tillside

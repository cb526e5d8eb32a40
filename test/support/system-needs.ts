/** What the tests need from the system, as Debian packages. */
import { globSync } from 'node:fs';

export type SystemNeed = {
  readonly package: string;
  /** Any of these shows that it is there. */
  readonly files: readonly string[];
  /** Tests that need it skip, visibly, where it can't be installed. */
  readonly optional: boolean;
};

export const systemNeeds: readonly SystemNeed[] = [
  { package: 'chromium', files: ['/usr/bin/chromium'], optional: false },
  { package: 'zbar-tools', files: ['/usr/bin/zbarimg'], optional: false },
  { package: 'mosquitto', files: ['/usr/sbin/mosquitto'], optional: false },
  { package: 'rabbitmq-server', files: ['/usr/sbin/rabbitmq-server'], optional: true },
  // Certificates and requests are held against its judgement.
  { package: 'openssl', files: ['/usr/bin/openssl'], optional: false },
  {
    package: 'postgresql',
    files: globSync('/usr/lib/postgresql/*/bin/initdb'),
    optional: true,
  },
  {
    package: 'libusb-1.0-0',
    files: ['/usr/lib/x86_64-linux-gnu/libusb-1.0.so.0', '/usr/lib/aarch64-linux-gnu/libusb-1.0.so.0'],
    optional: false,
  },
  { package: 'udev', files: ['/lib/systemd/systemd-udevd', '/usr/lib/systemd/systemd-udevd'], optional: false },
  { package: 'strace', files: ['/usr/bin/strace'], optional: true },
  { package: 'qemu-system-x86', files: ['/usr/bin/qemu-system-x86_64'], optional: true },
  { package: 'busybox-static', files: ['/bin/busybox'], optional: true },
  { package: 'cpio', files: ['/usr/bin/cpio', '/bin/cpio'], optional: true },
  { package: 'kmod', files: ['/usr/bin/kmod', '/bin/kmod'], optional: true },
];

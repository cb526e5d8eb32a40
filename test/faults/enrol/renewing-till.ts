/** A till that renews its certificate as soon as it is up: its files and its part of the protocol, with the harness for a line. */
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import process from 'node:process';
import { openIdentity } from '../../../agent/identity.ts';
import { systemClock } from '../../../clock.ts';
import { createRenewal, renewalAt } from '../../../sync/edge/renewal.ts';
import { silentLog } from '../../../sync/link/link.ts';

const [dir = '', till = '', aheadMs = '0'] = process.argv.slice(2);
const identity = openIdentity(
  { cert: join(dir, 'till.pem'), key: join(dir, 'till.key'), ca: join(dir, 'ca.pem') },
  () => {},
);
const now = () => systemClock.now() + Number(aheadMs);
/** HQ may be killed and start anew within them. */
const mostAsked = 200;
let asked = 0;
const renewal = createRenewal({
  ...{ identity, till, log: silentLog, random: () => 0.5 },
  clock: {
    ...systemClock,
    now,
    after: (_ms, run) => {
      const timer = setTimeout(run, 300);
      return () => clearTimeout(timer);
    },
  },
  ask(message) {
    if (asked++ === mostAsked) throw new Error('HQ gives no certificate');
    process.send?.(message);
  },
});
process.on('message', ({ pem }: { pem: string }) => {
  renewal.certificate(pem);
  if (renewalAt(new X509Certificate(identity.certificate())) > now()) process.exit();
});
// What a kill left half done was done to its end at the start.
if (renewalAt(new X509Certificate(identity.certificate())) > now()) process.exit();
renewal.up();

/** Takes what roots signed while HQ runs, shares it among the HQs of a database, and says how HQ's own key stands. */
import type { Clock } from '../../clock.ts';
import { messageOf, TillsideError } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import { decodeKeySet, type KeySet } from '../protocol/keyring.ts';
import { dayMs, type HqKeys, renewDays } from './keys.ts';
import type { Ledger } from './ledger.ts';
import type { KeysAnswer } from './wire.ts';

export interface KeyDesk {
  /** @throws TillsideError `bundle-untrusted` where a signature is wrong */
  take(set: KeySet): Promise<KeysAnswer>;
  /** What another HQ was told. */
  share(): Promise<void>;
  view(): KeysAnswer;
}

export interface KeyDeskOptions {
  readonly keys: HqKeys;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: SyncLog;
  /** Something changed: the tills are told. */
  readonly onChange: () => void;
}

const note = 'keys';

export function createKeyDesk({ keys, ledger, clock, log, onChange }: KeyDeskOptions): KeyDesk {
  const { ring, key, rootFile } = keys;
  let kept = '';
  let warned = Number.NEGATIVE_INFINITY;

  function warn() {
    const problem = keys.problem(clock.now());
    const until = keys.until();
    const isSoon = until !== null && Date.parse(until) - clock.now() < renewDays * dayMs;
    if ((problem === null && !isSoon) || clock.monotonic() - warned < dayMs) return;
    warned = clock.monotonic();
    if (problem !== null) log.error({ problem }, 'HQ’s signing key may not sign; see docs/rollout.md, "Keys"');
    else log.warn({ until }, 'the certificate of HQ’s signing key ends soon; see docs/rollout.md, "Keys"');
  }

  async function keep() {
    const json = JSON.stringify(ring.keySet());
    if (json === kept) return;
    await ledger.keepNote(note, json);
    kept = json;
  }

  function view(): KeysAnswer {
    const { revocations } = ring.keySet();
    return {
      keyId: key.keyId,
      until: keys.until(),
      problem: keys.problem(clock.now()),
      rootFile,
      revocations: ring.revocationNumber,
      revoked: [...new Set(revocations.flatMap(list => list.revoked))].sort(),
    };
  }

  return {
    async take(set) {
      const taken = ring.take(set);
      if (!taken.ok) throw new TillsideError('bundle-untrusted', `The keys were not taken: ${taken.reason}.`);
      await keep();
      if (taken.value) onChange();
      warn();
      return view();
    },
    async share() {
      warn();
      try {
        const json = await ledger.note(note);
        const set = json === null ? null : decodeKeySet(Buffer.from(json));
        const taken = set?.ok === true ? ring.take(set.value) : null;
        if (taken?.ok === true && taken.value) onChange();
        await keep();
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'keys could not be shared with the other HQs');
      }
    },
    view,
  };
}

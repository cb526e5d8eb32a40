/**
 * What HQ can't read or won't hear is kept whole, for people to look at; but a till gone mad, or somebody who speaks as one,
 * must not fill HQ's disk with it: each till has room for so much an hour, and so have all of them together.
 */
import { type Clock, instant } from '../../clock.ts';
import type { SyncLog } from '../link/link.ts';
import type { Ledger, QuarantinedPayload, TillName } from './ledger.ts';

export interface Quarantine {
  /** False: there was no room left for it; it is gone, and counted. */
  put(payload: QuarantinedPayload): Promise<boolean>;
}

const hourMs = 3_600_000;
/** A till sends an unconfirmed batch again every two minutes at most; 64 MiB hold a week of a till's facts. */
const tillPayloads = 400;
const tillBytes = 64 * 1024 * 1024;
const allBytes = 1024 * 1024 * 1024;
const mostTills = 50_000;

type Room = { payloads: number; bytes: number; told: boolean };

export function createQuarantine(ledger: Pick<Ledger, 'quarantine'>, clock: Clock, log: SyncLog): Quarantine {
  let hour = clock.monotonic();
  let all = 0;
  const rooms = new Map<string, Room>();

  function roomOf({ store, till }: TillName): Room {
    if (clock.monotonic() - hour >= hourMs || rooms.size >= mostTills) {
      // With more names than any chain has tills, the room of all is what holds.
      if (clock.monotonic() - hour >= hourMs) {
        hour = clock.monotonic();
        all = 0;
      }
      rooms.clear();
    }
    const name = `${store}/${till}`;
    const room = rooms.get(name) ?? { payloads: 0, bytes: 0, told: false };
    rooms.set(name, room);
    return room;
  }

  return {
    async put(payload) {
      const { store, till, reason } = payload;
      const size = payload.payload.byteLength;
      const room = roomOf(payload);
      if (room.payloads >= tillPayloads || room.bytes + size > tillBytes || all + size > allBytes) {
        if (!room.told)
          log.error({ store, till, reason }, 'too much for the quarantine; what more comes this hour is dropped');
        room.told = true;
        return false;
      }
      room.payloads += 1;
      room.bytes += size;
      all += size;
      log.warn({ store, till, reason }, 'a batch was put into quarantine');
      await ledger.quarantine(payload, instant(clock.now(), 'UTC'));
      return true;
    },
  };
}

/** A till with a real store, sales, leases and members on a real line; what arrives at either end can be listened to and said again. */
import { createMembersKeeper, type MembersKeeper } from '../../../agent/members/keeper.ts';
import type { PeerPort } from '../../../agent/ports.ts';
import { type Clock, systemClock } from '../../../clock.ts';
import type { Edge } from '../../../sync/edge/edge.ts';
import type { Hq } from '../../../sync/hq/hq.ts';
import { createLink, type Link, type LinkOptions, type OpenLink, silentLog } from '../../../sync/link/link.ts';
import type { PeerMessage } from '../../../sync/protocol/types.ts';
import { type CoreTill, type CoreTillOptions, coreTill } from '../../sale/core-till.ts';
import { type Line, tenant } from './line.ts';

/** The real clock, forty times as impatient: pauses that spare a broker of thousands spare nobody here. */
export const hurried: Clock = { ...systemClock, after: (ms, run) => systemClock.after(ms / 40, run) };

export interface Heard {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retained: boolean;
}

/** What one end hears, from whatever connection. */
export interface Wire {
  readonly heard: readonly Heard[];
  /** Topics of what was handed to the broker while the line was up. */
  readonly sent: readonly string[];
  readonly openLink: OpenLink;
  /** As if the broker brought it (again). */
  say(message: Heard): Promise<void>;
}

export function openWire(): Wire {
  const heard: Heard[] = [];
  const sent: string[] = [];
  let deliver: LinkOptions['onMessage'] = () => {};
  return {
    heard,
    sent,
    openLink(options) {
      deliver = options.onMessage;
      const link = createLink({
        ...options,
        onMessage(topic, payload, retained) {
          heard.push({ topic, payload: Uint8Array.from(payload), retained });
          return options.onMessage(topic, payload, retained);
        },
      });
      return Object.create(link, {
        publish: {
          value: (topic: string, payload: Uint8Array, retain?: boolean) => {
            if (link.up) sent.push(topic);
            return link.publish(topic, payload, retain);
          },
        },
      }) as Link;
    },
    async say({ topic, payload, retained }) {
      await deliver(topic, payload, retained);
    },
  };
}

export interface WholeTill {
  readonly core: CoreTill;
  readonly keeper: MembersKeeper;
  readonly edge: Edge;
  readonly wire: Wire;
  /** Ends as a shut-down does; the folder stays. */
  stop(): Promise<void>;
}

/** Started; closed with the line. */
export async function wholeTill(line: Line, hq: Hq, id: string, options: CoreTillOptions = {}): Promise<WholeTill> {
  const listeners = new Set<(message: PeerMessage) => void>();
  let edge: Edge | null = null;
  const peers: PeerPort = {
    get online() {
      return edge?.peers.online ?? false;
    },
    send: message => edge?.peers.send(message),
    onMessage(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const core = await coreTill({ clock: systemClock, bundle: null, till: id, peers, ...options });
  const { store, members } = core;
  const keeper = createMembersKeeper({ members, store, clock: systemClock, log: silentLog });
  keeper.start();
  const wire = openWire();
  const made = line.till(id, hq, {
    clock: hurried,
    random: () => 0.01,
    openLink: wire.openLink,
    // A memory outbox can be looked into; this one is the till's own.
    outbox: core.store.outbox as never,
    bundles: core.bundles as never,
    leases: core.leases.port,
    members: keeper,
  });
  edge = made.edge;
  edge.peers.onMessage(message => {
    for (const listener of [...listeners]) listener(message);
  });
  edge.start();
  let open = true;
  const stop = async () => {
    if (!open) return;
    open = false;
    await made.edge.stop();
    await keeper.stop();
    await core.close();
  };
  line.onClose(stop);
  return { core, keeper, edge, wire, stop };
}

export const addressOf = (till: string) => ({ tenant, store: '0042', till });

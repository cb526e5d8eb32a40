/** All peers, by name. */
import { closures } from './closures.ts';
import { interpreter } from './interpreter.ts';
import type { Peer } from './peer.ts';

export const peers: Readonly<Record<string, Peer>> = { closures, interpreter };

/** All peers, by name. */
import { closures } from './closures.ts';
import { interpreter } from './interpreter.ts';
import { jsonLogicEngine } from './json-logic-engine.ts';
import { jsonLogicJs } from './json-logic-js.ts';
import { jsonRulesEngine } from './json-rules-engine.ts';
import type { Peer } from './peer.ts';
import { zenEngine } from './zen-engine.ts';

export const peers: Readonly<Record<string, Peer>> = {
  closures,
  interpreter,
  'json-logic-engine': jsonLogicEngine,
  'json-logic-js': jsonLogicJs,
  'json-rules-engine': jsonRulesEngine,
  'zen-engine': zenEngine,
};

/**
 * What a till asks HQ about members: which files there are, their blocks, and whose an unknown card is. The customer waits
 * at most 300 ms for that; what HQ says later is handed on when it comes.
 */
import type { AskMember, MembersPort } from '../../agent/ports.ts';
import type { Cancel, Clock } from '../../clock.ts';
import type { Block } from '../protocol/blocks.ts';
import type { MemberFacts } from '../protocol/members-facts.ts';
import { hashOfCard } from '../protocol/members-keys.ts';
import type { MembersCommand } from '../protocol/members-messages.ts';
import type { AskMessage } from '../protocol/messages.ts';
import { createBlockAsking } from './block-asking.ts';

export interface MembersLineOptions {
  readonly members: MembersPort;
  readonly clock: Clock;
  /** Uniform in [0, 1): jitter only. */
  readonly random: () => number;
  readonly ask: (message: AskMessage) => void;
  /** Is there a line, and an HQ at its other end? */
  readonly isHeard: () => boolean;
}

export interface MembersLine {
  up(): void;
  down(): void;
  /** HQ came on line: what was asked before, nobody has heard. */
  restart(): void;
  /** True: it was one of a file of members. */
  block(block: Block): boolean;
  command(command: MembersCommand): void;
  readonly askMember: AskMember;
  stop(): void;
}

const askMs = 15 * 60_000;
/** Contract sync.md, section 4. */
const customerWaitsMs = 300;
/** A sale is over by then. */
const lateMs = 120_000;
const mostPending = 50;

type Pending = {
  /** Those whose customer still waits. */
  readonly waiting: ((facts: MemberFacts | null) => void)[];
  readonly late: ((facts: MemberFacts) => void)[];
  readonly forget: Cancel;
};

export function createMembersLine(options: MembersLineOptions): MembersLine {
  const { members, clock, random } = options;
  const pending = new Map<string, Pending>();
  let online = false;
  let cancelAsk: Cancel = () => {};
  let forget: Cancel | null = null;
  const blocks = createBlockAsking({ clock, random, ask: options.ask, wanted: members.wanted });

  function askFiles() {
    cancelAsk();
    if (!online) return;
    options.ask({ kind: 'members', ...members.have() });
    cancelAsk = clock.after(askMs * (0.75 + random() / 2), askFiles);
  }

  function restart() {
    askFiles();
    blocks.restart();
    for (const card of pending.keys()) options.ask({ kind: 'member', card });
  }

  function answered(card: string, facts: MemberFacts | null) {
    const asked = pending.get(card);
    if (asked === undefined) return;
    pending.delete(card);
    asked.forget();
    for (const answer of asked.waiting) answer(facts);
    if (facts !== null) for (const late of asked.late) late(facts);
  }

  return {
    up() {
      online = true;
      forget ??= members.onChange(blocks.restart);
      blocks.up();
      restart();
    },
    down() {
      online = false;
      cancelAsk();
      blocks.down();
    },
    restart,
    block({ sha256, index, bytes }) {
      if (!members.block(sha256, index, bytes)) return false;
      blocks.came(index);
      return true;
    },
    command(command) {
      if (command.kind === 'members') members.offered(command);
      else if (command.kind === 'erase') members.erase(command.member, command.erasure);
      else answered(command.card, command.member);
    },
    askMember(card, late) {
      if (!options.isHeard()) return Promise.resolve(null);
      const hash = hashOfCard(card);
      let asked = pending.get(hash);
      if (asked === undefined) {
        if (pending.size >= mostPending) return Promise.resolve(null);
        const drop = clock.after(lateMs, () => pending.delete(hash));
        asked = { waiting: [], late: [], forget: drop };
        pending.set(hash, asked);
        options.ask({ kind: 'member', card: hash });
      }
      const { waiting, late: later } = asked;
      return new Promise(resolve => {
        const answer = (facts: MemberFacts | null) => {
          enough();
          resolve(facts);
        };
        const enough = clock.after(customerWaitsMs, () => {
          waiting.splice(waiting.indexOf(answer), 1);
          later.push(late);
          resolve(null);
        });
        waiting.push(answer);
      });
    },
    stop() {
      online = false;
      forget?.();
      forget = null;
      cancelAsk();
      blocks.down();
      for (const { forget: drop, waiting } of pending.values()) {
        drop();
        for (const answer of waiting.slice()) answer(null);
      }
      pending.clear();
    },
  };
}

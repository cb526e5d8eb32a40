/**
 * HQ's database as the rest of HQ sees it. One transaction takes a set of batches; only after it has committed is anything
 * acknowledged. SQLite is built in; PostgreSQL stands behind the same interface.
 */

import type { StateMessage } from '../protocol/messages.ts';
import type { BundlePointer, TillEvent } from '../protocol/types.ts';
import type { Registry } from './enrol/registry.ts';
import type { Steps } from './lease-sql.ts';
import type { MemberSql } from './members-sql.ts';
import type { RolloutRows } from './rollout-rows.ts';
import type {
  CampaignRow,
  EventRow,
  EventsQuery,
  LeaseHolderRow,
  QuarantineAnswer,
  ReconcileRow,
  SaleDetail,
  SaleRow,
  SalesAnswer,
  SalesQuery,
  StatusView,
  TillView,
} from './wire.ts';

export interface TillName {
  readonly store: string;
  readonly till: string;
}

/** One batch whose sender has been checked. */
export interface Arrival extends TillName {
  readonly epoch: number;
  readonly boot: number;
  readonly events: readonly TillEvent[];
  readonly unreadable: readonly { readonly seq: number; readonly reason: string; readonly json: string }[];
}

/** Where the stream of one till and epoch stands after a commit: what is acknowledged. */
export interface Standing extends TillName {
  readonly epoch: number;
  readonly contiguous: number;
  readonly missing: readonly number[];
}

export interface Committed {
  readonly standings: readonly Standing[];
  /** New events; repeats are not counted. */
  readonly events: number;
  /** Sales that are new or changed. */
  readonly sales: readonly (TillName & { readonly saleId: string })[];
  readonly quarantined: number;
}

export interface QuarantinedPayload extends TillName {
  readonly reason: string;
  readonly payload: Uint8Array;
}

export interface StoredBundle {
  readonly id: string;
  readonly version: number;
  readonly sha256: string;
  readonly bytes: Uint8Array;
  readonly offers: number;
  readonly publishedAt: string;
}

export interface PublishedPointer {
  readonly pointer: BundlePointer;
  readonly publishedAt: string;
  readonly offers: number;
  /** The last one of its ring. */
  readonly current: boolean;
}

export interface TillRecord extends TillName {
  readonly state: StateMessage;
}

/** Which tills; absent: all. */
export interface TillsWanted {
  readonly store?: string | undefined;
  readonly till?: string | undefined;
  /** Those that follow this one. */
  readonly after?: TillName | null | undefined;
  readonly limit?: number | undefined;
}

/** A till as the ledger knows it; what ails it depends on the time and on what is published. */
export type KnownTill = Omit<TillView, 'why'>;

export interface Ledger extends RolloutRows {
  readonly kind: 'sqlite' | 'postgres';
  /** The members' tables. */
  readonly members: MemberSql;
  /** Codes, tills and certificates. */
  readonly registry: Registry;
  /** Commits that may run side by side; those with events of the same till must not. */
  readonly workers: number;
  /** Makes or updates the tables. @throws TillsideError `store-newer`, `config-invalid` (no right to), `database-unavailable` */
  migrate(): Promise<void>;
  /**
   * Migrates if need be. Answers the number of this start: higher than that of every start before, and `least` at least, so that it grows
   * over a restore of the database too.
   */
  open(least?: number): Promise<number>;
  close(): Promise<void>;

  /**
   * All of it or nothing.
   * @param at RFC 3339, the time of arrival
   * @throws TillsideError `database-unavailable` where the same may succeed later; anything else is the content's fault
   */
  commit(arrivals: readonly Arrival[], at: string): Promise<Committed>;
  quarantine(payload: QuarantinedPayload, at: string): Promise<void>;
  /** Takes over what tills say of themselves, in one transaction; answers those that no newer session had spoken over. */
  saveStates(states: readonly TillRecord[], at: string): Promise<readonly TillRecord[]>;
  /**
   * Tills that are on line by the ledger and not among `heard` (`store/till`) are off line from now on; answers them.
   * @param isMine the tills to be looked at; absent: all
   */
  markSilent(
    heard: ReadonlySet<string>,
    at: string,
    isMine?: (till: TillName) => boolean,
  ): Promise<readonly TillName[]>;
  /** The standing of a till's stream, or null if nothing of it has ever come. */
  standing(till: TillName, epoch: number): Promise<Standing | null>;

  /** Tills with their state, by store and till; `today` is a local date. */
  tills(today: string, wanted?: TillsWanted): Promise<readonly KnownTill[]>;
  totals(today: string): Promise<Pick<StatusView, 'events' | 'today'>>;
  sales(query: SalesQuery): Promise<SalesAnswer>;
  sale(store: string | null, till: string, saleId: string): Promise<SaleDetail | null>;
  saleRow(till: TillName, saleId: string): Promise<SaleRow | null>;
  events(query: EventsQuery): Promise<readonly EventRow[]>;
  quarantined(limit: number): Promise<QuarantineAnswer['items']>;
  reconcile(from: string, to: string): Promise<readonly ReconcileRow[]>;
  campaigns(from: string, to: string): Promise<readonly Omit<CampaignRow, 'name' | 'campaign'>[]>;

  /** Stores the file and the pointer of its ring in one transaction. */
  publish(bundle: StoredBundle, pointer: BundlePointer): Promise<void>;
  pointers(): Promise<readonly PublishedPointer[]>;
  /** Highest version ever published under this id. */
  highestVersion(id: string): Promise<number>;
  bundle(sha256: string): Promise<StoredBundle | null>;

  /** What is done with units of global caps, in one transaction; made anew where it has to be tried again. */
  leaseSteps<T>(steps: () => Steps<T>): Promise<T>;
  /** Of every offer of which units were ever granted; `overdue` are unused units whose time is over, not told of yet. */
  leaseSums(nowMs: number): Promise<readonly LeaseSums[]>;
  /** Units that count towards a limit: of leases that reach into this time, less what was returned. */
  leaseCounted(offer: string, reach: { readonly fromMs: number; readonly untilMs: number }): Promise<number>;
  /** Where the units are, most unused ones first; at most 1000. */
  leaseHolders(offer: string): Promise<readonly LeaseHolderRow[]>;
  tillCount(): Promise<number>;
  /** The database server's own clock, ms since 1970 UTC; null: it runs on this machine's. */
  serverTime(): Promise<number | null>;
}

export interface LeaseSums {
  readonly offer: string;
  readonly granted: number;
  readonly used: number;
  readonly returned: number;
  readonly overdue: number;
  readonly tills: number;
}

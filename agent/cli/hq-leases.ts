/** `tillside hq leases`: how many units of each global cap there are, where they went, and asking them back. */
import { TillsideError } from '../../errors.ts';
import type { LeaseHoldersAnswer, LeasesAnswer, RecallAnswer, ResumeAnswer } from '../../sync/hq/wire.ts';
import type { CommandIo } from './command.ts';
import { askHq, type HqAddress } from './hq-client.ts';

export interface LeasesOptions {
  readonly offer?: string | undefined;
  readonly recall?: boolean | undefined;
  /** Grant again before all tills have told what HQ may have forgotten. */
  readonly resume?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** Exit code 0. */
export async function leasesCommand(address: HqAddress, options: LeasesOptions, io: CommandIo): Promise<number> {
  const { offer, recall = false, resume = false, json = false } = options;
  const tell = (answer: unknown, text: string) => io.stdout.write(json ? `${JSON.stringify(answer)}\n` : text);
  if (resume) {
    const answer = (await askHq(address, 'POST', '/v1/leases/resume')) as ResumeAnswer;
    tell(answer, answer.resumed ? 'HQ grants units of global caps again.\n' : 'Nothing was held.\n');
    return 0;
  }
  if (offer === undefined) {
    if (recall) throw new TillsideError('usage', '--recall needs --offer: whose units are asked back?');
    const answer = (await askHq(address, 'GET', '/v1/leases')) as LeasesAnswer;
    const { held } = answer;
    const hold =
      held === null
        ? ''
        : `No units are granted since ${held.since}: ${held.reason}. ${held.waitingFor} tills have not told yet how theirs ended.\n`;
    tell(
      answer,
      hold +
        columns([
          ['offer', 'per', 'limit', 'granted', 'used', 'returned', 'left', 'overdue', 'tills'],
          ...answer.offers.map(row => [
            row.offer,
            row.window ?? 'all time',
            String(row.limit ?? '-'),
            String(row.granted),
            String(row.used),
            String(row.returned),
            String(row.left ?? '-'),
            String(row.overdue),
            String(row.tills),
          ]),
        ]),
    );
    return 0;
  }
  const path = `/v1/leases/${encodeURIComponent(offer)}`;
  if (recall) {
    const answer = (await askHq(address, 'POST', `${path}/recall`)) as RecallAnswer;
    tell(answer, `${answer.asked} tills were asked to give back what they have not used of ${offer}.\n`);
    return 0;
  }
  const answer = (await askHq(address, 'GET', path)) as LeaseHoldersAnswer;
  tell(
    answer,
    columns([
      ['till', 'epoch', 'granted', 'used', 'returned', 'unused', 'valid until', ''],
      ...answer.holders.map(row => [
        `${row.store}/${row.till}`,
        String(row.epoch),
        String(row.granted),
        String(row.used),
        String(row.returned),
        String(row.unused),
        row.validUntil,
        row.open ? '' : row.unused > 0 ? 'lost' : 'closed',
      ]),
    ]),
  );
  return 0;
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, index) => Math.max(...rows.map(row => row[index]?.length ?? 0))) ?? [];
  return rows
    .map(
      row =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** Two tills and HQ, each behind a bad line to a real mosquitto; in the end all that was sold is at HQ once. */
import { type Line, onLine, tenant } from '../../sync/support/line.ts';
import { memoryOutbox, saleBody, until } from '../../sync/support/till-end.ts';
import { hurried } from '../hurried-clock.ts';
import { seeded } from '../seeded.ts';
import { type BadLine, openBadLine } from './bad-line.ts';

export type NetworkFindings = {
  readonly broken: readonly string[];
  readonly sales: number;
  readonly troubles: ReadonlyMap<string, number>;
};

const day = '2026-11-21';
const net = 250;

export async function sellThroughBadNetwork(seed: number, salesEach: number): Promise<NetworkFindings> {
  const random = seeded(seed);
  const troubles = new Map<string, number>();
  const broken: string[] = [];
  let sales = 0;
  await onLine('mosquitto', async (line: Line) => {
    const bad = async (): Promise<BadLine> => {
      const opened = await openBadLine(line.broker.url, seeded(Math.floor(random() * 2 ** 32)));
      line.onClose(opened.close);
      return opened;
    };
    const lines = [await bad(), await bad(), await bad()] as const;
    const [hqLine] = lines;
    const hq = line.hq({
      clock: hurried,
      config: {
        tenant,
        dataDir: `${line.dir}/hq`,
        api: { port: 0 },
        broker: { url: hqLine.url, username: 'hq', password: 'hq-secret' },
      },
    });
    await hq.start();
    const tills = ['1', '2'].map((id, nth) => {
      const outbox = memoryOutbox({ tenant, store: '0042', till: id });
      const { edge } = line.till(id, hq, {
        clock: hurried,
        broker: { url: lines[nth + 1]?.url ?? '', username: `till-${id}`, password: `secret-${id}` },
        outbox,
        stateOf: () => ({
          agent: '0.1.0',
          totals: {
            upTo: outbox.events.length,
            days: [{ day, sales: outbox.events.length, voided: 0, net: net * outbox.events.length }],
          },
        }),
      });
      edge.start();
      return { id, outbox, edge };
    });
    for (let nth = 0; nth < salesEach; nth++) {
      for (const { outbox } of tills) outbox.append('sale.completed', saleBody(`S${outbox.events.length + 1}`, net));
      await new Promise(resolve => setTimeout(resolve, random() * 8));
    }
    sales = salesEach * tills.length;
    const troubled = lines.map(({ done }) => [...done]);
    for (const one of lines) one.heal();
    await until(() => tills.every(({ outbox }) => outbox.acknowledged() === salesEach), 'all acknowledged');
    const rows = await hq.ledger.events({ limit: 100_000 });
    if (rows.length !== sales) broken.push(`HQ has ${rows.length} events, not ${sales}`);
    const { events, today } = await hq.ledger.totals(day);
    if (events.missing !== 0 || events.quarantined !== 0 || today.sales !== sales || today.net !== net * sales)
      broken.push(`HQ counts ${JSON.stringify({ events, today })} of ${sales} sales at ${net}`);
    for (const { till, chain } of await hq.ledger.tills(day))
      if (chain !== 'whole') broken.push(`till ${till}: ${chain}`);
    for (const { edge } of tills) edge.touch();
    await until(async () => {
      const verdicts = await hq.ledger.reconcile(day, day);
      return verdicts.length === tills.length && verdicts.every(({ verdict }) => verdict === 'agrees');
    }, 'HQ and tills agree');
    for (const [name, times] of troubled.flat()) troubles.set(name, (troubles.get(name) ?? 0) + times);
  });
  return { broken, sales, troubles };
}

/** What can happen to a till and its printer at any byte or moment, and what people do about it. */
import type { PrinterChange } from '../../../drivers/virtual/printer.ts';
import type { Siege } from './besieged-till.ts';

export interface Trouble {
  readonly name: string;
  begin(siege: Siege): void;
  cure(siege: Siege): Promise<void>;
  /** Behind a USB or serial adapter: the link outlives the printer's power. */
  readonly keepsLink?: boolean | 'holds';
}

const offAndOn = [{ power: false }, { power: true }];

export const troubles: readonly Trouble[] = [
  toPrinter('cable pulled', { cable: false }, { cable: true }),
  toPrinter('cable loose for an instant', [{ cable: false }, { cable: true }], {}),
  toPrinter('paper out', { paper: false }, { paper: true }),
  toPrinter('cover opened', { cover: 'open' }, { cover: 'closed' }),
  {
    ...toPrinter('cutter jammed', { cutter: 'jammed' }, { cutter: 'free' }),
    async cure(siege) {
      siege.hurt({ cutter: 'free', cover: 'open' });
      await siege.clock.advance(1500);
      siege.hurt({ cover: 'closed' });
    },
  },
  toPrinter('power lost with the link', { power: false }, { power: true }),
  { ...toPrinter('power lost behind an adapter', { power: false }, { power: true }), keepsLink: true },
  { ...toPrinter('switched off and on behind an adapter', offAndOn, {}), keepsLink: true },
  { ...toPrinter('switched off and on behind an adapter that holds what is sent', offAndOn, {}), keepsLink: 'holds' },
  {
    ...toPrinter('paper out, cured with the power off', { paper: false }, {}),
    keepsLink: true,
    async cure(siege) {
      siege.hurt({ power: false });
      siege.hurt({ paper: true });
      await siege.clock.advance(3000);
      siege.hurt({ power: true });
    },
  },
  toPrinter('line gone dead', { line: 'dead' }, { line: 'alive' }),
  { name: 'kill -9 of the till', begin: siege => siege.kill(), cure: siege => siege.live() },
  {
    name: 'kill -9 while the paper is out',
    begin(siege) {
      siege.hurt({ paper: false });
      siege.kill();
    },
    async cure(siege) {
      await siege.live();
      await siege.clock.advance(5000);
      siege.hurt({ paper: true });
    },
  },
  {
    name: 'power cut of till and printer',
    begin(siege) {
      siege.kill();
      siege.hurt({ power: false });
    },
    async cure(siege) {
      siege.hurt({ power: true });
      await siege.live();
    },
  },
];

function toPrinter(name: string, trouble: PrinterChange | readonly PrinterChange[], cure: PrinterChange): Trouble {
  return {
    name,
    begin(siege) {
      for (const change of Array.isArray(trouble) ? trouble : [trouble]) siege.hurt(change);
    },
    cure(siege) {
      siege.hurt(cure);
      return Promise.resolve();
    },
  };
}

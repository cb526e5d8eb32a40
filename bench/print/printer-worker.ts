/** The simulated printer of the bench, on a thread and a socket of its own: it says when its first bytes came. */
import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { createVirtualPrinter } from '../../drivers/virtual/printer.ts';
import { printerPersonalities } from '../../drivers/virtual/printer-personalities.ts';

/** Bytes of questions that stand before a coupon. */
const { questions } = workerData as { readonly questions: number };
/** Millimetres a second: paper is not what is measured. */
const printer = createVirtualPrinter({ personality: { ...printerPersonalities['TM-T88VI'], speed: 3000 }, keep: 5 });
const server = await printer.listen(0);
const now = () => process.hrtime.bigint();

parentPort?.on('message', () => {
  printer.heal();
  printer.after(1, () => parentPort?.postMessage({ kind: 'question', at: now() }));
  printer.after(questions + 1, () => parentPort?.postMessage({ kind: 'coupon', at: now() }));
  parentPort?.postMessage({ kind: 'armed' });
});
parentPort?.postMessage({ kind: 'listening', port: server.port });

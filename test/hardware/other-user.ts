/** A till's scanner in a process without root's rights; prints each status as a line of JSON. */
import process from 'node:process';
import { systemClock } from '../../clock.ts';
import { openScanner } from '../../drivers/scanner/index.ts';

const scanner = openScanner({ device: process.argv[2] ?? '' }, { clock: systemClock });
scanner.on('status', status => console.log(JSON.stringify(status)));
scanner.start();
setInterval(() => undefined, 1000);

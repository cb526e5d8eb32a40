/**
 * Loaded before every test file by `npm test`: a file that is not done after ten minutes says what keeps it alive and fails, instead
 * of holding up the whole run. The slowest takes two.
 */
import process from 'node:process';

const minutes = 10;
setTimeout(() => {
  const alive = process.getActiveResourcesInfo().filter(name => name !== 'Timeout');
  console.error(`${process.argv[1]} is not done after ${minutes} minutes; still open: ${alive.join(', ')}`);
  process.exit(1);
}, minutes * 60_000).unref();

/** Run on the host before the guest boots, with NODE_COMPILE_CACHE set: loads what the guest's processes will load, and ends. */
import { flushCompileCache } from 'node:module';
import process from 'node:process';

await import('./hid-scenarios.ts');
await import('./line-scenarios.ts');
await import('./wedge-scenarios.ts');
await import('./till-scenarios.ts');
await import('../../agent/cli/agent.ts');
await import('../../drivers/scanner/hid-host.ts');
await import('serialport');
flushCompileCache();
process.exit(0);

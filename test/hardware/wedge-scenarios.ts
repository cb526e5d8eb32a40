/** Keyboard wedges on the kernel's own keyboard driver. */
import assert from 'node:assert/strict';
import type { LayoutName } from '../../ui/shared/keyboard-layouts.ts';
import { plugKeyboardScanner } from './keyboard-scanner.ts';
import { type Scenario, scanUntil } from './scenario.ts';

const setUps: readonly (readonly [layout: LayoutName, prefix: string | null])[] = [
  ['us', null],
  ['de-CH', 'F9'],
  ['de', 'F9'],
  ['fr', 'F9'],
];
const codes = [']E07610200337450', 'TS1.zYx_Wq-ZZ.0aM', 'https://id.example/01/07610200337450'];

export const wedgeScenarios: readonly Scenario[] = [
  {
    name: 'a scanner that types comes out of the kernel as it was scanned, in the layouts us, de-CH, de and fr, plugged in anew for each',
    run: async () => {
      for (const [layout, prefix] of setUps) {
        const scanner = await plugKeyboardScanner(layout, prefix);
        for (const code of codes)
          await scanUntil(
            () => `${code} in ${layout}, heard ${JSON.stringify(scanner.scans)}`,
            () => scanner.type(code),
            () => scanner.scans.includes(code),
          );
        await scanner.unplug();
        // Only a guest that slept between two keys makes a person of the scanner without prefix; with one there is no doubt.
        if (prefix !== null) assert.deepEqual([...new Set(scanner.scans)], codes);
      }
    },
  },
];

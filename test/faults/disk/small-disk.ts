/** A real file system of a few megabytes, and how it is filled to its last page. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** Its folder; null where this user may not mount. Gone after the test. */
export function smallDisk(t: TestContext): string | null {
  const dir = mkdtempSync(join(tmpdir(), 'tillside-small-'));
  t.after(() => {
    spawnSync('umount', [dir]);
    rmSync(dir, { recursive: true, force: true });
  });
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', dir]).status === 0 ? dir : null;
}

/** Returns what makes room again. */
export function fillUp(disk: string): () => void {
  const files: string[] = [];
  for (let size = 1024 * 1024; size >= 4096; size /= 2)
    try {
      for (;;) {
        const file = join(disk, `ballast-${files.length}`);
        files.push(file);
        writeFileSync(file, Buffer.alloc(size, 1));
      }
    } catch {
      // No room for another of this size.
    }
  return () => {
    for (const file of files) rmSync(file, { force: true });
  };
}

/** Can a window be opened here? Looks only; never downloads, as the package's own entry would. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

const usualNames: Readonly<Record<string, string>> = {
  darwin: 'Electron.app/Contents/MacOS/Electron',
  win32: 'electron.exe',
};

/** Path of Electron's binary; null where it has not been installed (`npx install-electron`). */
export function findElectron(
  folder: string = root,
  env: NodeJS.ProcessEnv = process.env,
  platform: string = process.platform,
): string | null {
  const installed = join(folder, 'node_modules', 'electron');
  const named = join(installed, 'path.txt');
  const name = existsSync(named) ? readFileSync(named, 'utf8').trim() : (usualNames[platform] ?? 'electron');
  const binary = join(env.ELECTRON_OVERRIDE_DIST_PATH || join(installed, 'dist'), name);
  return existsSync(binary) ? binary : null;
}

/** Why a window can't be opened although the binary is there; null: it can. */
export function whyNoWindow(
  env: NodeJS.ProcessEnv = process.env,
  platform: string = process.platform,
  uid: number | null = process.getuid?.() ?? null,
  main: string = join(root, 'dist', 'electron', 'main.js'),
): string | null {
  if (!existsSync(main)) return 'the shell has not been built (npx vite build -c agent/electron/vite.config.ts)';
  if (platform !== 'linux') return null;
  if (!env.DISPLAY && !env.WAYLAND_DISPLAY) return 'there is no display here';
  if (uid === 0) return 'Electron keeps its sandbox and so does not run as root';
  return null;
}

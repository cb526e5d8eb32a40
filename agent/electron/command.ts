/** The shell's own command line, and the command that starts a till's agent. */
import { join } from 'node:path';
import { TillsideError } from '../../errors.ts';

/** `config`: a till of its own, whose agent is started unless it runs already; `attach`: a till that somebody else runs (demo). */
export type ShellCommand =
  | { readonly kind: 'config'; readonly file: string }
  | { readonly kind: 'attach'; readonly till: string; readonly tokenFile: string; readonly kiosk: boolean };

/**
 * `--config FILE`, or `--till URL --token FILE [--kiosk]`; without any: the machine's own configuration. Chromium's own switches are let through.
 * @param args without the program and its script
 * @throws TillsideError `usage`
 */
export function shellCommand(args: readonly string[], platform: string, env: NodeJS.ProcessEnv): ShellCommand {
  const value = (name: string): string | null => {
    const index = args.findIndex(arg => arg === name || arg.startsWith(`${name}=`));
    if (index < 0) return null;
    const arg = args[index] ?? '';
    const found = arg === name ? args[index + 1] : arg.slice(name.length + 1);
    if (found === undefined || found === '' || found.startsWith('--'))
      throw new TillsideError('usage', `${name} needs a value.`);
    return found;
  };
  const config = value('--config');
  const till = value('--till');
  const tokenFile = value('--token');
  if (config !== null && till !== null)
    throw new TillsideError('usage', 'Give either --config FILE or --till URL --token FILE, not both.');
  if (till === null) return { kind: 'config', file: config ?? usualConfig(platform, env) };
  if (!/^http:\/\/(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}\/?$/.test(till))
    throw new TillsideError('usage', `--till ${till} must be this machine's: http://127.0.0.1:PORT`);
  if (tokenFile === null) throw new TillsideError('usage', '--till needs --token FILE, the file dataDir/tokens/ui.');
  return { kind: 'attach', till: new URL(till).origin, tokenFile, kiosk: args.includes('--kiosk') };
}

function usualConfig(platform: string, env: NodeJS.ProcessEnv): string {
  return platform === 'win32'
    ? join(env.PROGRAMDATA ?? 'C:\\ProgramData', 'tillside', 'till.json')
    : '/etc/tillside/till.json';
}

/** Collecting young garbage in small pieces: a sale waits 2 or 3 ms for it at most, not 25, while a large bundle is made ready. */
const agentFlags = ['--max-semi-space-size=1'];

/**
 * The agent is a plain Node process, never Electron run as Node (that fuse is off): the package carries Node beside it.
 * @param folder the unpacked program: resources/app.asar.unpacked, or the checkout
 */
export function agentCommand(
  folder: string,
  configFile: string,
  platform: string,
): { readonly command: string; readonly args: readonly string[] } {
  const node = join(folder, 'node_modules', 'node', 'bin', platform === 'win32' ? 'node.exe' : 'node');
  return { command: node, args: [...agentFlags, join(folder, 'agent', 'main.ts'), '--config', configFile] };
}

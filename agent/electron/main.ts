/** The shell: one window that shows a till, and the till's agent kept running. Decides nothing; see policy.ts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import {
  app,
  BrowserWindow,
  dialog,
  type IpcMainInvokeEvent,
  ipcMain,
  Menu,
  session,
  type WebContents,
} from 'electron';
import { systemClock } from '../../clock.ts';
import { isTillsideError, messageOf } from '../../errors.ts';
import { contentSecurityPolicy } from '../api/content-policy.ts';
import { loadTillConfig } from '../config/till-config.ts';
import { agentCommand, shellCommand } from './command.ts';
import { Keeper, type Kept } from './keeper.ts';
import {
  admits,
  channels,
  homeOf,
  mayClose,
  mayHavePermission,
  mayNavigate,
  mayPress,
  mayRequest,
  pauseBeforeRestart,
  screenUrl,
  waitingPage,
  windowOptions,
} from './policy.ts';

/** What this start of the shell shows. */
type Shell = {
  readonly home: string;
  readonly kiosk: boolean;
  readonly tokenFile: string;
  /** Null: somebody else runs the agent. */
  readonly configFile: string | null;
};

const askEveryMs = 500;
const answersWithinMs = 2000;
const hangsAfterMs = 10_000;

let quitting = false;
let showing = false;
const here = app.getAppPath();
const program = app.isPackaged ? here.replace(/app\.asar$/, 'app.asar.unpacked') : here;

app.enableSandbox();
Menu.setApplicationMenu(null);
app.on('before-quit', () => {
  quitting = true;
});
app.on('window-all-closed', () => app.quit());

// Each data folder is one till; Electron's own files must not be shared by two of them either.
if (app.requestSingleInstanceLock()) void start();
else app.quit();

async function start(): Promise<void> {
  let shell: Shell;
  try {
    shell = readShell();
  } catch (error) {
    await app.whenReady();
    dialog.showErrorBox('tillside', inFull(error));
    app.exit(2);
    return;
  }
  await app.whenReady();
  lockSession(shell);
  app.on('web-contents-created', (_event, contents) => lockContents(contents, shell));
  const window = openWindow(shell);
  answerCalls(window, shell);
  app.on('second-instance', () => {
    if (window.isMinimized()) window.restore();
    window.focus();
  });
  await window.loadURL(waitingPage(null));
  if (shell.configFile !== null && !(await answers(shell.home))) keepAgent(shell.configFile, window);
  await showScreen(window, shell);
}

function inFull(error: unknown): string {
  const faults = isTillsideError(error) ? error.faults.map(fault => `${fault.pointer}: ${fault.message}`) : [];
  return [messageOf(error), ...faults].join('\n');
}

function readShell(): Shell {
  const command = shellCommand(process.argv.slice(app.isPackaged ? 1 : 2), process.platform, process.env);
  if (command.kind === 'attach')
    return { home: command.till, kiosk: command.kiosk, tokenFile: command.tokenFile, configFile: null };
  const config = loadTillConfig(command.file, process.env);
  return {
    home: homeOf(config.api.host, config.api.port),
    kiosk: config.window.kiosk,
    tokenFile: join(config.dataDir, 'tokens', 'ui'),
    configFile: command.file,
  };
}

// --- the window -------------------------------------------------------------------------------------------------------

function openWindow(shell: Shell): BrowserWindow {
  const window = new BrowserWindow(windowOptions(shell.kiosk, join(import.meta.dirname, 'preload.cjs')));
  window.once('ready-to-show', () => window.show());
  window.on('close', event => {
    if (!mayClose({ kiosk: shell.kiosk, quitting })) event.preventDefault();
  });
  const crashes: number[] = [];
  window.webContents.on('render-process-gone', () => {
    if (quitting) return;
    const now = systemClock.monotonic();
    crashes.push(now);
    setTimeout(() => void showScreen(window, shell), pauseBeforeRestart(crashes, now));
  });
  let hanging: NodeJS.Timeout | undefined;
  window.on('unresponsive', () => {
    hanging = setTimeout(() => window.webContents.forcefullyCrashRenderer(), hangsAfterMs);
  });
  window.on('responsive', () => clearTimeout(hanging));
  return window;
}

/** Waits until the till answers, then shows its screen. A crash while it waits does not begin a second wait. */
async function showScreen(window: BrowserWindow, shell: Shell): Promise<void> {
  if (showing) return;
  showing = true;
  try {
    await waitAndShow(window, shell);
  } finally {
    showing = false;
  }
}

async function waitAndShow(window: BrowserWindow, shell: Shell): Promise<void> {
  while (!quitting && !window.isDestroyed()) {
    if (await answers(shell.home)) {
      try {
        await window.loadURL(screenUrl(shell.home, readFileSync(shell.tokenFile, 'utf8').trim()));
        return;
      } catch (error) {
        await window.loadURL(waitingPage(messageOf(error)));
      }
    }
    await new Promise(resolve => setTimeout(resolve, askEveryMs));
  }
}

async function answers(home: string): Promise<boolean> {
  try {
    return (await fetch(`${home}/healthz`, { signal: AbortSignal.timeout(answersWithinMs) })).ok;
  } catch {
    return false;
  }
}

// --- locks ------------------------------------------------------------------------------------------------------------

function lockSession({ home }: Shell): void {
  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((_contents, _permission, answer) => answer(mayHavePermission()));
  defaultSession.setPermissionCheckHandler(() => mayHavePermission());
  defaultSession.setDevicePermissionHandler(() => mayHavePermission());
  defaultSession.on('will-download', event => event.preventDefault());
  defaultSession.webRequest.onBeforeRequest((details, answer) => {
    const waiting = details.resourceType === 'mainFrame' && details.url.startsWith('data:text/html;charset=utf-8,');
    answer({ cancel: !waiting && !mayRequest(details.url, home) });
  });
  defaultSession.webRequest.onHeadersReceived((details, answer) => {
    answer({ responseHeaders: { ...details.responseHeaders, 'content-security-policy': [contentSecurityPolicy] } });
  });
}

function lockContents(contents: WebContents, { home, kiosk }: Shell): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.on('will-attach-webview', event => event.preventDefault());
  contents.on('will-frame-navigate', event => {
    if (!mayNavigate(event.url, home)) event.preventDefault();
  });
  contents.on('will-redirect', event => {
    if (!mayNavigate(event.url, home)) event.preventDefault();
  });
  contents.on('before-input-event', (event, { key, control, meta, alt, shift }) => {
    if (!mayPress({ key, control, meta, alt, shift }, kiosk)) event.preventDefault();
  });
}

function answerCalls(window: BrowserWindow, shell: Shell): void {
  const handle = <Answer>(channel: string, answer: () => Answer) => {
    ipcMain.handle(channel, (event: IpcMainInvokeEvent) => {
      const frame = event.senderFrame;
      const call = {
        channel,
        sender: event.sender.id,
        frame: frame === null ? null : { url: frame.url, isMain: frame.parent === null },
      };
      if (!admits(call, { home: shell.home, window: window.webContents.id, kiosk: shell.kiosk }))
        throw new Error('not allowed');
      return answer();
    });
  };
  handle(channels.info, () => ({
    version: app.getVersion(),
    electron: process.versions.electron,
    kiosk: shell.kiosk,
  }));
  handle(channels.quit, () => app.quit());
}

// --- the agent --------------------------------------------------------------------------------------------------------

function keepAgent(configFile: string, window: BrowserWindow): void {
  const { command, args } = agentCommand(program, configFile, process.platform);
  const keeper = new Keeper(
    () => keptOf(spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], windowsHide: true })),
    systemClock,
    state => {
      // The screen says by itself that the till does not answer; before there is one, the waiting page does.
      const waits = window.isDestroyed() || window.webContents.getURL().startsWith('data:');
      if (state.kind === 'pausing' && waits && !window.isDestroyed()) void window.loadURL(waitingPage(state.why));
    },
  );
  keeper.start();
  app.on('will-quit', () => keeper.stop());
}

function keptOf(child: ChildProcess): Kept {
  return {
    onEnd(listener) {
      let told = false;
      const tell = (why: string) => {
        if (!told) listener(why);
        told = true;
      };
      child.once('error', error => tell(messageOf(error)));
      child.once('exit', (code, signal) => tell(`The agent ended (${signal ?? `exit ${code}`}); see its log.`));
    },
    // The agent closes its database and devices on SIGTERM.
    stop: () => void child.kill('SIGTERM'),
  };
}

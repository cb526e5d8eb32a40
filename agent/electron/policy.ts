/**
 * Every decision of the shell, as pure functions: which address may be shown or asked, who may call, what a key or a crash
 * leads to. main.ts only wires them to Electron. "Home" is the origin of the till's API, `http://127.0.0.1:4780`.
 */
import type { BrowserWindowConstructorOptions } from 'electron';

/** The calls that the preload script offers to the page. */
export const channels = { info: 'tillside:info', quit: 'tillside:quit' } as const;

/** What `tillside:info` answers. */
export type ShellInfo = { readonly version: string; readonly electron: string; readonly kiosk: boolean };

/**
 * Origin of the till's API.
 * @throws RangeError for a host that is not loopback
 */
export function homeOf(host: string, port: number): string {
  if (!['127.0.0.1', 'localhost', '::1'].includes(host)) throw new RangeError(`${host} is not this machine`);
  return new URL(`http://${host === '::1' ? '[::1]' : host}:${port}`).origin;
}

/** The address that a window opens: the token goes in the fragment, which is never sent and is taken out by the page. */
export function screenUrl(home: string, token: string): string {
  return `${home}/#token=${encodeURIComponent(token)}`;
}

/** May the window's main frame go there? Only within the till's own pages; never by a link to elsewhere. */
export function mayNavigate(url: string, home: string): boolean {
  return originOf(url) === home;
}

/** May anything in the window ask for this address? Pictures made by the page itself, and the till. */
export function mayRequest(url: string, home: string): boolean {
  if (url.startsWith('data:image/')) return true;
  // A blob's address holds the origin that made it.
  if (url.startsWith('blob:')) return originOf(url.slice('blob:'.length)) === home;
  return originOf(url) === home;
}

/** Camera, microphone, notifications, devices, full screen, clipboard: the screen needs none of them. */
export function mayHavePermission(): boolean {
  return false;
}

export type IpcCall = {
  readonly channel: string;
  /** Id of the WebContents that sent it. */
  readonly sender: number;
  /** Null once the frame has gone. */
  readonly frame: { readonly url: string; readonly isMain: boolean } | null;
};

/** The one place that says who may call the main process: a known channel, our window, its main frame, our page in it. */
export function admits(
  call: IpcCall,
  shell: { readonly home: string; readonly window: number; readonly kiosk: boolean },
): boolean {
  if (!Object.values<string>(channels).includes(call.channel)) return false;
  if (call.sender !== shell.window) return false;
  if (call.frame === null || !call.frame.isMain || originOf(call.frame.url) !== shell.home) return false;
  return call.channel !== channels.quit || !shell.kiosk;
}

export type KeyPress = {
  readonly key: string;
  readonly control: boolean;
  readonly meta: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
};

const leavingWithControl = new Set([...'rwqntpsouijhm+-=0', 'f4', 'tab']);

/** False for keys that would leave, reload, zoom, print or inspect the screen of a kiosk. */
export function mayPress(press: KeyPress, kiosk: boolean): boolean {
  if (!kiosk) return true;
  const key = press.key.toLowerCase();
  if (['f5', 'f11', 'f12', 'browserback', 'browserforward', 'browserrefresh', 'printscreen'].includes(key))
    return false;
  if (press.alt && ['f4', 'arrowleft', 'arrowright', 'home', 'tab', ' '].includes(key)) return false;
  if (!press.control && !press.meta) return true;
  // Copying text for support stays possible.
  if (key === 'c') return !press.shift;
  return !leavingWithControl.has(key);
}

/** A kiosk's window closes only with the program. */
export function mayClose(shell: { readonly kiosk: boolean; readonly quitting: boolean }): boolean {
  return !shell.kiosk || shell.quitting;
}

/** The smallest screen of a till is 1024 × 768. */
export function windowOptions(kiosk: boolean, preload: string): BrowserWindowConstructorOptions {
  return {
    width: 1024,
    height: 768,
    show: false,
    kiosk,
    frame: !kiosk,
    autoHideMenuBar: true,
    backgroundColor: '#ffffff',
    title: 'tillside',
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      safeDialogs: true,
      spellcheck: false,
      devTools: !kiosk,
      // The screen must go on while another window is in front.
      backgroundThrottling: false,
    },
  };
}

const calmMs = 10 * 60_000;
const longestPauseMs = 60_000;

/**
 * How long to wait before something that ended is started again: at once the first time, then 1 s, 2 s, 4 s … 60 s; ends
 * more than ten minutes ago don't count. It is always tried again: a till has nobody to restart it.
 * @param ends times of its ends so far, this one included, in ms of one clock
 */
export function pauseBeforeRestart(ends: readonly number[], now: number): number {
  const recent = ends.filter(at => now - at < calmMs).length;
  return recent <= 1 ? 0 : Math.min(longestPauseMs, 1000 * 2 ** Math.min(recent - 2, 16));
}

/** Shown until the till answers, and while it doesn't. No script; `problem` is told to the technician. */
export function waitingPage(problem: string | null): string {
  const lines = ['Die Kasse startet …', 'La caisse démarre …', 'La cassa si avvia …', 'The till is starting …'];
  const detail = problem === null ? '' : `<p>${escapeHtml(problem)}</p>`;
  const html = `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>tillside</title><style>body{font:32px system-ui,sans-serif;margin:20vh 10vw;color:#111;background:#fff}p{font-size:20px}</style>${lines.map(line => `<div>${line}</div>`).join('')}${detail}`;
  return `data:text/html;charset=utf-8,${encodeURIComponent(html)}`;
}

function originOf(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { origin, username, password } = new URL(url);
  return username === '' && password === '' ? origin : null;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

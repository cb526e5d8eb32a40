/** Stands in for the module `electron` where its binary is not: records what the shell asks for, and plays its events. */
import { EventEmitter } from 'node:events';

export const record = {
  sandboxed: false,
  exits: [] as number[],
  quits: 0,
  errors: [] as string[],
  loaded: [] as string[],
  windows: [] as BrowserWindow[],
  handlers: new Map<string, (event: unknown) => unknown>(),
  permissions: new Map<string, (...args: never[]) => unknown>(),
  requests: new Map<string, (details: unknown, answer: (value: unknown) => void) => void>(),
  /** Tells each address as it is loaded. */
  changes: new EventEmitter(),
};

class App extends EventEmitter {
  readonly isPackaged = false;
  getAppPath = () => '/app';
  getVersion = () => '0.1.0';
  enableSandbox = () => {
    record.sandboxed = true;
  };
  requestSingleInstanceLock = () => true;
  whenReady = async () => {};
  quit = () => {
    record.quits++;
  };
  exit = (code: number) => {
    record.exits.push(code);
  };
}
export const app = new App();

export class WebContents extends EventEmitter {
  readonly id = 7;
  windowOpen: (() => { action: string }) | null = null;
  url = '';
  setWindowOpenHandler = (handler: () => { action: string }) => {
    this.windowOpen = handler;
  };
  getURL = () => this.url;
  forcefullyCrashRenderer = () => {};
}

export class BrowserWindow extends EventEmitter {
  readonly options: { readonly webPreferences?: Record<string, unknown> };
  readonly webContents = new WebContents();
  constructor(options: { readonly webPreferences?: Record<string, unknown> }) {
    super();
    this.options = options;
    record.windows.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }
  show = () => {};
  focus = () => {
    record.changes.emit('focused');
  };
  restore = () => {};
  isMinimized = () => false;
  isDestroyed = () => false;
  loadURL = async (url: string) => {
    this.webContents.url = url;
    record.loaded.push(url);
    record.changes.emit('loaded', url);
  };
}

const remember = (name: string) => (handler: (...args: never[]) => unknown) =>
  void record.permissions.set(name, handler);
const filter = (name: string) => (handler: (details: unknown, answer: (value: unknown) => void) => void) =>
  void record.requests.set(name, handler);

class Session extends EventEmitter {
  setPermissionRequestHandler = remember('request');
  setPermissionCheckHandler = remember('check');
  setDevicePermissionHandler = remember('device');
  webRequest = { onBeforeRequest: filter('before'), onHeadersReceived: filter('headers') };
}
export const session = { defaultSession: new Session() };

export const ipcMain = {
  handle: (channel: string, handler: (event: unknown) => unknown) => void record.handlers.set(channel, handler),
};
export const Menu = { setApplicationMenu: () => {} };
export const dialog = { showErrorBox: (_title: string, text: string) => void record.errors.push(text) };

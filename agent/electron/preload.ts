/** All that the page sees of the shell: two calls, no Electron object, no Node. Runs sandboxed, so it is built as CommonJS. */
import { contextBridge, ipcRenderer } from 'electron';
import { channels, type ShellInfo } from './policy.ts';

export type ShellApi = {
  info(): Promise<ShellInfo>;
  /** Ends the program; refused in a kiosk. */
  quit(): Promise<void>;
};

const api: ShellApi = {
  info: () => ipcRenderer.invoke(channels.info),
  quit: () => ipcRenderer.invoke(channels.quit),
};

contextBridge.exposeInMainWorld('tillsideShell', api);

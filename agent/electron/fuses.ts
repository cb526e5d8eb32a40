/** The switches inside Electron's binary, all of them, set once when a package is made. */
import { type FuseV1Config, FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses';

export const fuses = {
  version: FuseVersion.V1,
  // A switch that a newer Electron brings must be decided here before a package can be made.
  strictlyRequireAllFuses: true,
  // The shell is no Node: the agent runs on the Node that the package carries.
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.EnableCookieEncryption]: true,
  // Honoured on Windows and macOS; Linux has no such check.
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
  [FuseV1Options.WasmTrapHandlers]: true,
} satisfies FuseV1Config;

/** Sets them in the binary at `file`. Rejects if the binary has a switch that is not decided above. */
export async function setFuses(file: string): Promise<void> {
  await flipFuses(file, fuses);
}

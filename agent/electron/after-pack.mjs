/** Called by electron-builder when a platform's folder is filled and before it is signed: sets the fuses. */
import { join } from 'node:path';
import { setFuses } from './fuses.ts';

export default async function afterPack({ appOutDir, electronPlatformName, packager }) {
  const { executableName, appInfo } = packager;
  const binary =
    electronPlatformName === 'win32'
      ? `${appInfo.productFilename}.exe`
      : electronPlatformName === 'darwin'
        ? join(`${appInfo.productFilename}.app`, 'Contents', 'MacOS', appInfo.productFilename)
        : executableName;
  await setFuses(join(appOutDir, binary));
}

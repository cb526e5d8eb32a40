/** When a printer tells its host to stop and to go on: receive buffer nearly full, and room again (TM-T88III specification, "buffer full"). */

export type Flow = 'none' | 'xonxoff' | 'dtr';

export const xon = 0x11;
export const xoff = 0x13;

export interface FlowControl {
  /** What has changed since the last call, if anything. */
  update(room: number): 'stop' | 'go' | null;
  readonly busy: boolean;
}

/** @param buffer bytes */
export function createFlowControl(buffer: number): FlowControl {
  const [stopAt, goAt] = buffer < 256 ? [16, 26] : [128, 256];
  let busy = false;
  return {
    update(room) {
      const now = busy ? room < goAt : room <= stopAt;
      if (now === busy) return null;
      busy = now;
      return now ? 'stop' : 'go';
    },
    get busy() {
      return busy;
    },
  };
}

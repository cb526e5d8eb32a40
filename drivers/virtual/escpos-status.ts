/** Status bytes of a simulated printer; bits as in Epson's reference for GS a and DLE EOT. */

export interface PhysicalState {
  readonly offline: boolean;
  readonly cover: boolean;
  readonly paperEnd: boolean;
  readonly paperNearEnd: boolean;
  readonly cutterStopped: boolean;
}

export function automaticStatusBytes(state: PhysicalState): readonly number[] {
  return [
    0x10 | (state.offline ? 0x08 : 0) | (state.cover ? 0x20 : 0),
    state.cutterStopped ? 0x08 : 0,
    (state.paperNearEnd || state.paperEnd ? 0x03 : 0) | (state.paperEnd ? 0x0c : 0),
    0x0f,
  ];
}

export function realTimeStatusByte(which: 1 | 2 | 3 | 4, state: PhysicalState): number {
  const { offline, cover, paperEnd, paperNearEnd, cutterStopped } = state;
  switch (which) {
    case 1:
      return 0x12 | (offline ? 0x08 : 0);
    case 2:
      return 0x12 | (cover ? 0x04 : 0) | (paperEnd ? 0x20 : 0) | (cutterStopped ? 0x40 : 0);
    case 3:
      return 0x12 | (cutterStopped ? 0x08 : 0);
    case 4:
      return 0x12 | (paperNearEnd || paperEnd ? 0x0c : 0) | (paperEnd ? 0x60 : 0);
  }
}

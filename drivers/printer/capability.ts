/** What a printer was seen to answer, and which evidence that allows. Never taken from what it says it is. */

export interface Capability {
  /** `DLE EOT` */
  readonly realTime: boolean;
  /** `GS ( H` */
  readonly processId: boolean;
  /** `GS r` */
  readonly fence: boolean;
  /** `GS a` */
  readonly asb: boolean;
}

export const nothingFound: Capability = { realTime: false, processId: false, fence: false, asb: false };

export function isSilent({ realTime, processId, fence, asb }: Capability): boolean {
  return !realTime && !processId && !fence && !asb;
}

/** The strongest evidence that such a printer can give. */
export function evidenceOf(capability: Capability): 'confirmed' | 'fenced' | 'sent' {
  if (capability.processId) return 'confirmed';
  return capability.fence && (capability.realTime || capability.asb) ? 'fenced' : 'sent';
}

/** True if `now` lacks an answer that `before` had. */
export function isWeaker(now: Capability, before: Capability): boolean {
  return rank(now) < rank(before);
}

function rank(capability: Capability): number {
  return { sent: isSilent(capability) ? 0 : 1, fenced: 2, confirmed: 3 }[evidenceOf(capability)];
}

/** The keyboard: function keys for the steps of a sale, everything else that can be typed goes into the code field. */
import type { Tender, TillSession } from './session.ts';
import { linesOf, type Phase } from './state.ts';

export type KeyTargets = {
  input(): HTMLInputElement | null;
  typed(): string;
  phase(): Phase;
  pay(tender: Tender): void;
  escape(): void;
  toggleDrawer(): void;
};

/** Listens until the returned function is called. */
export function attachKeys(session: TillSession, targets: KeyTargets): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const act = action(event);
    if (act !== null) {
      event.preventDefault();
      act();
    } else if (isTyping(event)) targets.input()?.focus();
  };

  function action(event: KeyboardEvent): (() => void) | null {
    const phase = targets.phase();
    switch (event.key) {
      case 'F2':
        return () => session.toPay();
      case 'F4':
        return phase === 'pay' ? () => targets.pay('cash') : () => {};
      case 'F6':
        return phase === 'pay' ? () => targets.pay('card') : () => {};
      case 'F7':
        return () => targets.toggleDrawer();
      case 'F10':
        return () => document.getElementById('cancel-sale')?.click();
      case 'Escape':
        return () => targets.escape();
    }
    if (inOtherField(event) || targets.typed() !== '' || phase !== 'sell') return null;
    const lines = linesOf(session.state);
    const chosen = session.state.selected ?? lines.at(-1)?.lineId;
    const at = lines.findIndex(line => line.lineId === chosen);
    const line = lines[at];
    if (line === undefined) return null;
    switch (event.key) {
      case 'ArrowUp':
      case 'ArrowDown': {
        const next = lines[at + (event.key === 'ArrowUp' ? -1 : 1)];
        return () => next !== undefined && session.select(next.lineId);
      }
      case '+':
        return () => session.changeQuantity(line.lineId, 1);
      case '-':
        return () => session.changeQuantity(line.lineId, -1);
      case 'Delete':
        return () => session.removeLine(line.lineId);
    }
    return null;
  }

  /** A field that is not the code field (the search of the drawer) keeps its keys. */
  function inOtherField(event: KeyboardEvent): boolean {
    return event.target instanceof HTMLInputElement && event.target !== targets.input();
  }

  function isTyping(event: KeyboardEvent): boolean {
    if (inOtherField(event) || event.target === targets.input()) return false;
    return event.key.length === 1 && event.key !== ' ';
  }

  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}

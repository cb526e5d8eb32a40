/** Listens for a keyboard-wedge scanner before anything else hears the keys, and gives a person's keys back. */
import type { LayoutName } from '../shared/keyboard-layouts.ts';
import { createWedge, type WedgeKey } from '../shared/wedge.ts';

type HeldKey = WedgeKey & { readonly event: KeyboardEvent };
export type WedgeSetting = { readonly layout: string; readonly prefix: string | null };

const layouts: readonly string[] = ['us', 'de', 'de-CH', 'fr', 'fr-CH'] satisfies LayoutName[];
const replayed = new WeakSet<Event>();

/** Listens until the returned function is called. An unknown layout is taken for the American one. */
export function attachWedge(setting: WedgeSetting, onScan: (text: string) => void): () => void {
  const wedge = createWedge<HeldKey>({
    layout: isLayout(setting.layout) ? setting.layout : 'us',
    ...(setting.prefix === null ? {} : { prefix: setting.prefix }),
    clock: {
      now: () => performance.now(),
      after(ms, run) {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    },
    onScan,
    onReplay: keys => {
      for (const { event } of keys) press(event);
    },
  });
  const onKey = (event: KeyboardEvent) => {
    if (replayed.has(event) || wedge.key(held(event)) === 'pass') return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  const onBlur = () => wedge.flush();
  addEventListener('keydown', onKey, { capture: true });
  addEventListener('blur', onBlur);
  return () => {
    removeEventListener('keydown', onKey, { capture: true });
    removeEventListener('blur', onBlur);
    wedge.flush();
  };
}

function held(event: KeyboardEvent): HeldKey {
  const altGr = event.getModifierState('AltGraph');
  return {
    code: event.code,
    key: event.key,
    shift: event.shiftKey,
    altGr,
    ctrl: event.ctrlKey && !altGr,
    repeat: event.repeat,
    isComposing: event.isComposing,
    time: event.timeStamp,
    event,
  };
}

/** Browsers do nothing by themselves on keys that a page made: what they would have done is done here. */
function press({ key, code, shiftKey }: KeyboardEvent): void {
  const event = new KeyboardEvent('keydown', { key, code, shiftKey, bubbles: true, cancelable: true });
  replayed.add(event);
  (document.activeElement ?? document.body).dispatchEvent(event);
  if (event.defaultPrevented) return;
  const target = document.activeElement;
  if (target instanceof HTMLButtonElement && (key === 'Enter' || key === ' ')) target.click();
  if (!(target instanceof HTMLInputElement)) return;
  if (key === 'Enter') target.form?.requestSubmit();
  else if (key === 'Backspace') erase(target);
  else if (key.length === 1) write(target, key);
}

function write(field: HTMLInputElement, text: string): void {
  field.setRangeText(text, field.selectionStart ?? 0, field.selectionEnd ?? 0, 'end');
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

function erase(field: HTMLInputElement): void {
  const end = field.selectionEnd ?? 0;
  const start = field.selectionStart ?? 0;
  field.setRangeText('', start === end ? Math.max(0, start - 1) : start, end, 'end');
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

function isLayout(name: string): name is LayoutName {
  return layouts.includes(name);
}

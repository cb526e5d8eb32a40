/** Printer, scanner, line to HQ, offers, storage: each speaks only when it is ill, in one sentence. */
import { Icon, type IconName } from '../shared/icons.tsx';
import { isPending } from './state.ts';
import { useView, type View } from './view.ts';

export type Sign = {
  readonly key: string;
  readonly icon: IconName;
  /** Set where the cashier has to do something now. */
  readonly head: string | null;
  readonly text: string;
  readonly detail: string | null;
};

export function Signs() {
  const view = useView();
  const all = signsOf(view);
  // While something has to be done at once, the others keep to their lights.
  const urgent = all.filter(sign => sign.head !== null);
  const signs = urgent.length > 0 ? urgent : all;
  if (signs.length === 0) return null;
  return (
    <ul class="signs" aria-live="polite">
      {signs.map(sign => (
        <li
          key={sign.key}
          class={`sign ${sign.head === null ? '' : 'is-urgent'}`}
          onContextMenu={event => {
            event.preventDefault();
            if (sign.detail !== null) view.showDetails(sign.detail);
          }}
        >
          <Icon name={sign.icon} />
          {sign.head !== null && <strong>{sign.head}</strong>}
          <span>{sign.text}</span>
        </li>
      ))}
    </ul>
  );
}

/** Put right in a moment by whoever stands there. */
const byHand = ['paper-out', 'cover-open', 'cutter'];

/** Most urgent first. */
export function signsOf({ state, texts, formats }: View): readonly Sign[] {
  const { status } = state;
  const signs: Sign[] = [];
  if (state.link === 'lost')
    signs.push({ key: 'link', icon: 'warning', head: texts.lost.head, text: texts.lost.todo, detail: null });
  if (status === null || state.link === 'lost') return signs;
  const { printer, scanners, line, outbox, bundle, bundleRefused, database, disk } = status;
  if (printer.problem !== null) {
    const advice = isKnownProblem(printer.problem, texts.printer)
      ? texts.printer[printer.problem]
      : texts.printer.error;
    const waits = state.coupons.some(isPending) || printer.queued > 0;
    const byItself = waits && printer.problem !== 'cutter' ? ` ${texts.printsByItself}` : '';
    // A till that has no printer at all sells on in peace until a coupon waits for one.
    const isUrgent = waits || byHand.includes(printer.problem);
    signs.push({
      key: 'printer',
      icon: isUrgent ? 'warning' : 'printer',
      head: isUrgent ? advice.head : null,
      text: isUrgent ? advice.todo + byItself : `${advice.head} ${advice.todo}`,
      detail: `${printer.device} · ${printer.problem} · ${printer.evidence ?? '–'} · ${printer.message ?? ''}`,
    });
  } else if (printer.paperNearEnd)
    signs.push({ key: 'paper', icon: 'printer', head: null, text: texts.paperNearEnd, detail: null });
  else if (printer.logoProblem != null)
    signs.push({ key: 'logo', icon: 'printer', head: null, text: texts.noLogo, detail: printer.logoProblem });
  if (!database.ok)
    signs.push({
      key: 'database',
      icon: 'warning',
      head: null,
      text: database.message ?? texts.database,
      detail: database.problem,
    });
  if (disk.message != null)
    signs.push({
      key: 'disk',
      icon: 'warning',
      head: null,
      text: disk.message,
      detail: `${Math.round(disk.freeBytes / 1e6)} MB`,
    });
  const gone = scanners.filter(scanner => !scanner.connected);
  if (gone.length > 0)
    signs.push({
      key: 'scanner',
      icon: 'scanner',
      head: null,
      text: texts.scannerGone,
      detail: gone.map(scanner => `${scanner.device} · ${scanner.state} · ${scanner.problem ?? ''}`).join('; '),
    });
  if (!line.connected) {
    const { salesWaiting } = outbox;
    const text = texts.noLine(formats.since(line.since), salesWaiting, formats.count(salesWaiting));
    signs.push({ key: 'line', icon: 'line', head: null, text, detail: line.problem });
  }
  if (bundle === null) signs.push({ key: 'bundle', icon: 'ticket', head: null, text: texts.noBundle, detail: null });
  else if (bundle.expired)
    signs.push({
      key: 'bundle',
      icon: 'ticket',
      head: null,
      text: bundle.revoked === true ? texts.bundleRevoked : texts.bundleExpired(formats.dayMonth(bundle.notAfter)),
      detail: `${bundle.id} ${bundle.version} · ${bundle.notAfter}`,
    });
  if (bundleRefused !== null)
    signs.push({
      key: 'refused',
      icon: 'ticket',
      head: null,
      text: texts.bundleRefused,
      detail: `${bundleRefused.id} ${bundleRefused.version} · ${bundleRefused.code} · ${bundleRefused.faults}`,
    });
  return signs;
}

function isKnownProblem<T extends object>(problem: string, known: T): problem is string & keyof T {
  return Object.hasOwn(known, problem);
}

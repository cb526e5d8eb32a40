/** The whole till screen: basket left, customer and coupons right, one line of instruction below, devices beside. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { formatsFor } from '../shared/formats.ts';
import { useSession } from '../shared/screen.tsx';
import { BasketPane, PresentedCoupons } from './basket-pane.tsx';
import { CodeEntry } from './code-entry.tsx';
import { CouponsPane } from './coupons-pane.tsx';
import { CustomerPane } from './customer-pane.tsx';
import { Drawer } from './drawer.tsx';
import { Foot } from './foot.tsx';
import { attachKeys } from './keys.ts';
import type { TillSession } from './session.ts';
import { Signs } from './signs.tsx';
import { phaseOf } from './state.ts';
import { Sums } from './sums.tsx';
import { ViewContext } from './view.ts';
import { attachWedge, type WedgeSetting } from './wedge-keys.ts';

const roomForDrawer = '(min-width: 1366px)';

export function Till({ session }: { session: TillSession }) {
  const state = useSession(session);
  const [code, setCode] = useState('');
  const [padOpen, setPadOpen] = useState(false);
  const [drawerWanted, setDrawerWanted] = useState(() => matchMedia(roomForDrawer).matches);
  const [details, setDetails] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);

  const phase = phaseOf(state);
  const sells = state.status?.screenSells === true;
  const weighing = state.weighing !== null;

  // Weight and cash are asked for with the number keys at hand; afterwards they get out of the way. Nothing else may touch
  // the field: the next code is typed while the article before is still on its way. Done with the drawing, not after it: what is
  // typed into the new picture must stay.
  const asksNumber = weighing || (phase === 'pay' && sells);
  useLayoutEffect(() => {
    setCode('');
    setPadOpen(asksNumber);
  }, [asksNumber]);

  const submit = () => {
    const typed = code;
    if (weighing) {
      if (session.enterWeight(typed)) setCode('');
      return;
    }
    // An amount is paid by Enter; Enter alone takes no money, it may be a scanner's.
    if (phase === 'pay' && typed.length <= 7) {
      if (typed !== '') void session.pay('cash', typed);
      return;
    }
    setCode('');
    setPadOpen(false);
    void session.enterCode(typed);
  };
  const pay = (tender: 'cash' | 'card') => void session.pay(tender, tender === 'cash' ? code : '');
  const stepBack = () => {
    if (details !== null) setDetails(null);
    else if (code !== '') setCode('');
    else if (weighing) session.stopWeighing();
    else if (phase === 'pay') session.backToSelling();
    else if (padOpen) setPadOpen(false);
    else session.nextSale();
  };

  const latest = useRef({ pay, stepBack, code, phase });
  latest.current = { pay, stepBack, code, phase };
  useEffect(
    () =>
      attachKeys(session, {
        input: () => input.current,
        typed: () => latest.current.code,
        phase: () => latest.current.phase,
        pay: tender => latest.current.pay(tender),
        escape: () => latest.current.stepBack(),
        toggleDrawer: () => setDrawerWanted(open => !open),
      }),
    [session],
  );

  // Compared by its words: each status brings a new object.
  const wedge = JSON.stringify(state.status?.wedge ?? null);
  useEffect(() => {
    const setting = JSON.parse(wedge) as WedgeSetting | null;
    if (setting !== null) return attachWedge(setting, text => void session.tellScan(text));
  }, [session, wedge]);

  const simulator = state.status?.simulator === true;
  const drawerOpen = simulator && drawerWanted;
  const formats = formatsFor(session.language, state.status?.currency ?? state.sale?.currency ?? 'CHF');
  return (
    <ViewContext.Provider
      value={{ session, state, phase, sells, texts: session.texts, formats, showDetails: setDetails }}
    >
      <div class={`screen ${drawerOpen ? 'with-drawer' : ''}`}>
        <main class={`till phase-${phase}`}>
          <section class="left" aria-label={session.texts.basket}>
            <BasketPane />
            <PresentedCoupons />
            <Sums pay={pay} />
          </section>
          <section class="right" aria-label={session.texts.customer}>
            <CustomerPane />
            <div class="lower">
              <CouponsPane hidden={padOpen} />
              <CodeEntry
                input={input}
                code={code}
                setCode={setCode}
                padOpen={padOpen}
                setPadOpen={setPadOpen}
                submit={submit}
              />
            </div>
          </section>
          <footer class="bottom">
            <Signs />
            <Foot
              details={details}
              drawerOpen={drawerOpen}
              toggleDrawer={simulator ? () => setDrawerWanted(open => !open) : null}
            />
          </footer>
        </main>
        {drawerOpen && <Drawer close={() => setDrawerWanted(false)} />}
      </div>
    </ViewContext.Provider>
  );
}

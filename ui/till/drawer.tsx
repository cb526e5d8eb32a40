/** The demo's devices beside the screen: a printer with paper in its slot, cards and articles to scan. */
import { useState } from 'preact/hooks';
import type { ProductView, SimulatorView } from '../../agent/api/wire.ts';
import { Icon } from '../shared/icons.tsx';
import { type Simulator, useProducts, useSimulator, useSlip } from './simulator.ts';
import { useView } from './view.ts';

export function Drawer({ close }: { close: () => void }) {
  const { texts } = useView();
  const simulator = useSimulator();
  const [tab, setTab] = useState<'cards' | 'products'>('products');
  return (
    <aside class="drawer" aria-label={texts.simulator.title}>
      <Printer simulator={simulator} />
      <div class="tabs">
        <div class="tab-list" role="tablist">
          <Tab label={texts.simulator.products} isOn={tab === 'products'} choose={() => setTab('products')} />
          <Tab label={texts.simulator.cards} isOn={tab === 'cards'} choose={() => setTab('cards')} />
        </div>
        <button type="button" class="tool close" aria-label={texts.close} onClick={close}>
          <Icon name="cross" />
        </button>
      </div>
      {tab === 'cards' ? (
        <ul class="cards">
          {(simulator.view?.cards ?? []).map(card => (
            <li key={card.code}>
              <button type="button" class="sample-card" onClick={() => simulator.scan(card.code)}>
                <Icon name="card" />
                <span>{card.label}</span>
              </button>
            </li>
          ))}
        </ul>
      ) : (
        <Products simulator={simulator} />
      )}
    </aside>
  );
}

function Tab({ label, isOn, choose }: { label: string; isOn: boolean; choose: () => void }) {
  return (
    <button type="button" role="tab" class="tab" aria-selected={isOn} onClick={choose}>
      {label}
    </button>
  );
}

function Printer({ simulator }: { simulator: Simulator }) {
  const { texts } = useView();
  const { view } = simulator;
  const words = texts.simulator;
  return (
    <section class="device" aria-label={words.printer}>
      <Slot slips={view?.slips ?? []} simulator={simulator} />
      {view !== null && (
        <div class="switches">
          <Switch
            label={words.paper}
            value={view.printer.paper ? words.paperIn : words.paperOut}
            isWell={view.printer.paper}
            flip={() => simulator.change({ paper: !view.printer.paper })}
          />
          <Switch
            label={words.cover}
            value={view.printer.cover === 'closed' ? words.coverClosed : words.coverOpen}
            isWell={view.printer.cover === 'closed'}
            flip={() => simulator.change({ cover: view.printer.cover === 'closed' ? 'open' : 'closed' })}
          />
          <Switch
            label={words.cable}
            value={view.printer.cable ? words.cableIn : words.cableOut}
            isWell={view.printer.cable}
            flip={() => simulator.change({ cable: !view.printer.cable })}
          />
        </div>
      )}
    </section>
  );
}

type SwitchProps = { label: string; value: string; isWell: boolean; flip: () => void };

function Switch({ label, value, isWell, flip }: SwitchProps) {
  return (
    <button type="button" class={`switch ${isWell ? '' : 'is-ill'}`} aria-pressed={!isWell} onClick={flip}>
      <span>{label}</span>
      <b>{value}</b>
    </button>
  );
}

/** Newest slip hangs from the slot; earlier ones are leafed through. Touching it scans its code. */
function Slot({ slips, simulator }: { slips: SimulatorView['slips']; simulator: Simulator }) {
  const { texts } = useView();
  const [backwards, setBackwards] = useState({ newest: -1, steps: 0 });
  const newest = slips.at(-1)?.id ?? -1;
  const steps = backwards.newest === newest ? backwards.steps : 0;
  const slip = slips.at(-1 - steps);
  const address = useSlip(slip?.id ?? null);
  const code = slip?.codes?.[0];
  const leaf = (by: number) => setBackwards({ newest, steps: Math.min(Math.max(steps + by, 0), slips.length - 1) });
  return (
    <div class="printer">
      <div class="slot" role="img" aria-label={texts.simulator.slot} />
      <div class="paper-window">
        {slip === undefined || address === null ? (
          <p class="no-slip">{texts.simulator.noSlip}</p>
        ) : (
          <button
            key={slip.id}
            type="button"
            class="slip"
            aria-label={texts.simulator.scanSlip}
            disabled={code === undefined}
            onClick={() => code !== undefined && simulator.scan(code, 'QR')}
          >
            <img src={address} alt={`${texts.simulator.slip} ${slip.id}`} width={slip.width} height={slip.height} />
          </button>
        )}
      </div>
      {slips.length > 1 && (
        <div class="leaf">
          <button
            type="button"
            class="tool"
            aria-label="−1"
            disabled={steps >= slips.length - 1}
            onClick={() => leaf(1)}
          >
            ‹
          </button>
          <span>
            {slips.length - steps} / {slips.length}
          </span>
          <button type="button" class="tool" aria-label="+1" disabled={steps === 0} onClick={() => leaf(-1)}>
            ›
          </button>
        </div>
      )}
    </div>
  );
}

/** Only codes that a scanner can read go through it; a touch key serves the rest. */
const isBarcode = /^(\d{8}|\d{12,14})$/;
const mostShown = 60;

function Products({ simulator }: { simulator: Simulator }) {
  const { session, texts, formats } = useView();
  const products = useProducts();
  const [wanted, setWanted] = useState('');
  const [branch, setBranch] = useState('');
  const branches = [...new Set(products.map(product => product.category.split('/').slice(0, 2).join('/')))];
  const words = wanted.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const found = products.filter(
    product =>
      (branch === '' || product.category === branch || product.category.startsWith(`${branch}/`)) &&
      words.every(word => product.name.toLocaleLowerCase().includes(word) || product.gtin.includes(word)),
  );
  const take = (product: ProductView) =>
    isBarcode.test(product.gtin) ? simulator.scan(product.gtin) : session.sell(product);
  return (
    <div class="products">
      <div class="search">
        <input
          type="search"
          aria-label={texts.simulator.search}
          placeholder={texts.simulator.search}
          value={wanted}
          onInput={event => setWanted(event.currentTarget.value)}
        />
        <select
          aria-label={texts.simulator.products}
          value={branch}
          onChange={event => setBranch(event.currentTarget.value)}
        >
          <option value="">{texts.simulator.all}</option>
          {branches.map(name => (
            <option key={name} value={name}>
              {branchName(name)}
            </option>
          ))}
        </select>
      </div>
      {found.length === 0 && <p class="soft">{texts.simulator.none}</p>}
      <ul class="shelf">
        {found.slice(0, mostShown).map(product => (
          <li key={product.gtin}>
            <button type="button" class="article" onClick={() => take(product)}>
              <span>{product.name}</span>
              <b>
                {formats.amount(product.price)}
                {product.unit === 'ea' ? '' : ` / ${product.unit}`}
              </b>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** `food/fruit-veg` → `Fruit & veg`; the catalogue has no better names. */
function branchName(category: string): string {
  const name = category.split('/').at(-1)?.replaceAll('-', ' & ') ?? category;
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The frame of HQ's console: where one can go, and the page that the address names. */
import { formatsFor, type Language } from '../shared/formats.ts';
import { useSession } from '../shared/screen.tsx';
import { BundlesPage } from './bundles-page.tsx';
import { CampaignsPage } from './campaigns-page.tsx';
import { EnrolmentPage } from './enrolment-page.tsx';
import { MembersPage } from './members-page.tsx';
import { ReconcilePage } from './reconcile-page.tsx';
import { RolloutsPage } from './rollouts-page.tsx';
import { type Route, useRoute } from './route.ts';
import { SalePage } from './sale-page.tsx';
import { SalesPage } from './sales-page.tsx';
import type { HqSession } from './session.ts';
import { StartPage } from './start-page.tsx';
import { texts as allTexts, type Texts } from './texts.ts';
import { TillsPage } from './tills-page.tsx';
import { useView, ViewContext } from './view.ts';

const pages = [
  'start',
  'tills',
  'sales',
  'bundles',
  'rollouts',
  'campaigns',
  'members',
  'reconcile',
  'enrolment',
] as const satisfies (keyof Texts)[];

export function Console({ session }: { session: HqSession }) {
  const state = useSession(session);
  const route = useRoute();
  const { texts } = session;
  const formats = formatsFor(session.language, state.status?.currency ?? 'CHF');
  const here = route.parts[0] ?? 'start';
  return (
    <ViewContext.Provider value={{ session, state, texts, formats }}>
      <div class="console">
        <nav aria-label="tillside HQ">
          <p class="brand">
            tillside <b>HQ</b>
          </p>
          <ul>
            {pages.map(page => (
              <li key={page}>
                <a href={page === 'start' ? '#/' : `#/${page}`} aria-current={here === page ? 'page' : undefined}>
                  {texts[page]}
                </a>
              </li>
            ))}
          </ul>
          <fieldset class="languages">
            <legend class="unseen">{texts.language}</legend>
            {(Object.keys(allTexts) as Language[]).map(language => (
              <button
                key={language}
                type="button"
                lang={language}
                aria-pressed={language === session.language}
                onClick={() => session.setLanguage(language)}
              >
                {language.toUpperCase()}
              </button>
            ))}
          </fieldset>
        </nav>
        <main>
          {state.link === 'lost' && (
            <p class="band" role="alert">
              {texts.lost}
            </p>
          )}
          {state.status?.broker.connected === false && <p class="band">{texts.broker}</p>}
          <Page route={route} />
        </main>
      </div>
    </ViewContext.Provider>
  );
}

function Page({ route }: { route: Route }) {
  const { texts } = useView();
  const [page, first, second] = route.parts;
  switch (page) {
    case undefined:
    case 'start':
      return <StartPage />;
    case 'tills':
      return <TillsPage store={first ?? null} till={second ?? null} why={route.query.get('why')} />;
    case 'sales':
      return first !== undefined && second !== undefined ? (
        <SalePage till={first} saleId={second} store={route.query.get('store')} />
      ) : (
        <SalesPage />
      );
    case 'bundles':
      return <BundlesPage />;
    case 'rollouts':
      return <RolloutsPage />;
    case 'campaigns':
      return <CampaignsPage />;
    case 'members':
      return <MembersPage />;
    case 'enrolment':
      return <EnrolmentPage />;
    case 'reconcile':
      return <ReconcilePage />;
    default:
      return <p>{texts.notFound}</p>;
  }
}

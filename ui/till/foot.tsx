/** The one line below: what was just answered, else what to do next; the quiet lights; the languages. */
import { isLanguage } from '../shared/formats.ts';
import { Icon, type IconName } from '../shared/icons.tsx';
import { texts as allTexts } from './texts.ts';
import { onLongPress, useView, type View } from './view.ts';

type FootProps = { details: string | null; drawerOpen: boolean; toggleDrawer: (() => void) | null };

export function Foot({ details, drawerOpen, toggleDrawer }: FootProps) {
  const view = useView();
  const { session, state, texts } = view;
  const languages = (state.status?.languages ?? []).filter(isLanguage);
  const { notice } = state;
  return (
    <div class="foot">
      {notice === null ? (
        <p class="say" aria-live="polite">
          {hint(view)}
        </p>
      ) : (
        <p
          class={`say is-${notice.tone}`}
          aria-live="assertive"
          {...onLongPress(() => notice.detail !== null && view.showDetails(notice.detail))}
        >
          <Icon name={notice.tone === 'good' ? 'check' : notice.tone === 'bad' ? 'warning' : 'info'} />
          {notice.text}
        </p>
      )}
      {details !== null && (
        <p class="details">
          {texts.details}: {details}
        </p>
      )}
      <Lights />
      {languages.length > 1 && (
        <fieldset class="languages">
          <legend class="unseen">{texts.language}</legend>
          {languages.map(language => (
            <button
              key={language}
              type="button"
              class="language"
              lang={language}
              aria-pressed={language === session.language}
              onClick={() => session.setLanguage(language)}
            >
              {language.toUpperCase()}
              <span class="unseen"> {allTexts[language].languageName}</span>
            </button>
          ))}
        </fieldset>
      )}
      {toggleDrawer !== null && (
        <button type="button" class="tool" aria-label={texts.devices} aria-pressed={drawerOpen} onClick={toggleDrawer}>
          <Icon name="devices" />
        </button>
      )}
    </div>
  );
}

function hint({ state, phase, sells, texts }: View): string {
  if (state.status === null) return texts.connecting;
  if (state.completing) return texts.waitTodo;
  if (state.weighing !== null) return texts.weigh(state.weighing.name);
  switch (phase) {
    case 'idle':
      return sells ? texts.idleTodo : texts.idleTodoShown;
    case 'sell':
      return sells ? texts.sellTodo : texts.showTodo;
    case 'pay':
      return texts.payTodoGiven;
    case 'done':
      return texts.doneTodo;
  }
}

/** Three quiet lights; form and colour change when one is ill, the sentence stands above. */
function Lights() {
  const { state, texts } = useView();
  const { status } = state;
  if (status === null) return null;
  const isUp = state.link === 'up';
  return (
    <ul class="lights">
      <Light icon="printer" name={texts.signs.printer} isWell={isUp && status.printer.problem === null} />
      <Light
        icon="scanner"
        name={texts.signs.scanner}
        isWell={isUp && status.scanners.every(scanner => scanner.connected)}
      />
      <Light icon="line" name={texts.signs.line} isWell={isUp && status.line.connected} />
    </ul>
  );
}

function Light({ icon, name, isWell }: { icon: IconName; name: string; isWell: boolean }) {
  const { texts } = useView();
  return (
    <li class={`light ${isWell ? '' : 'is-ill'}`}>
      <Icon name={icon} />
      <span class="unseen">
        {name}: {isWell ? texts.signs.well : texts.signs.ill}
      </span>
    </li>
  );
}

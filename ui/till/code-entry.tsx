/** Typing instead of scanning: a field that always listens, and keys on the screen for those without a keyboard. */
import type { RefObject } from 'preact';
import { useState } from 'preact/hooks';
import { Icon } from '../shared/icons.tsx';
import { useView } from './view.ts';

type Entry = {
  input: RefObject<HTMLInputElement | null>;
  code: string;
  setCode: (code: string) => void;
  padOpen: boolean;
  setPadOpen: (open: boolean) => void;
  submit: () => void;
};

const digits = ['7', '8', '9', '4', '5', '6', '1', '2', '3'];
const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];

export function CodeEntry({ input, code, setCode, padOpen, setPadOpen, submit }: Entry) {
  const { state, phase, sells, texts, formats } = useView();
  const [isAlpha, setAlpha] = useState(false);
  const isNumber = state.weighing !== null || (phase === 'pay' && sells);
  const hint = state.weighing !== null ? texts.weightHint : isNumber ? texts.givenHint : texts.codeHint;
  const press = (key: string) => setCode(code + key);
  return (
    <form
      class={`entry ${padOpen ? 'is-open' : ''}`}
      onSubmit={event => {
        event.preventDefault();
        submit();
      }}
    >
      {padOpen && (
        <div class={`pad ${isAlpha && !isNumber ? 'is-alpha' : ''}`}>
          {isAlpha && !isNumber
            ? letters.map(key => <Key key={key} label={key} press={press} />)
            : digits.map(key => <Key key={key} label={key} press={press} />)}
          {isNumber ? (
            <Key label={formats.decimal} press={press} />
          ) : (
            <button type="button" class="key" onClick={() => setAlpha(!isAlpha)}>
              {isAlpha ? '123' : 'ABC'}
            </button>
          )}
          {!(isAlpha && !isNumber) && <Key label="0" press={press} />}
          <button type="button" class="key" aria-label={texts.erase} onClick={() => setCode(code.slice(0, -1))}>
            <Icon name="erase" />
          </button>
        </div>
      )}
      <div class="field">
        <input
          ref={input}
          class="code"
          type="text"
          inputMode="none"
          autoComplete="off"
          autoCapitalize="off"
          spellcheck={false}
          aria-label={hint}
          placeholder={hint}
          value={code}
          onInput={event => setCode(event.currentTarget.value)}
        />
        <button
          type="button"
          class={`tool ${padOpen ? 'is-on' : ''}`}
          aria-label={texts.pad}
          aria-pressed={padOpen}
          onClick={() => setPadOpen(!padOpen)}
        >
          <Icon name="pad" />
        </button>
        <button type="submit" class="tool enter" aria-label={texts.enter}>
          <Icon name="enter" />
        </button>
      </div>
    </form>
  );
}

function Key({ label, press }: { label: string; press: (key: string) => void }) {
  return (
    <button type="button" class="key" onClick={() => press(label)}>
      {label}
    </button>
  );
}

/** Hands HQ a file of offers, and says what became of it: every fault with its place. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { type Fault, NoAnswer, Refusal } from '../shared/http.ts';
import { Table } from './table.tsx';
import { useView } from './view.ts';

export type Said = { readonly isGood: boolean; readonly text: string; readonly faults: readonly Fault[] };

type BundleFormProps = {
  /** What it does, above the fields. */
  children: ComponentChildren;
  /** Fields beside the file's. */
  more?: ComponentChildren;
  begin: string;
  /** On the button while HQ checks the file. */
  beginning: string;
  send: (file: Blob) => Promise<void>;
  /** Another file is chosen: what was said is of the one before. */
  onChoose?: () => void;
};

export function BundleForm({ children, more, begin, beginning, send, onChoose }: BundleFormProps) {
  const { texts } = useView();
  const [file, setFile] = useState<File | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async () => {
    if (file === null || isBusy) return;
    setBusy(true);
    try {
      await send(new Blob([await file.arrayBuffer()], { type: 'application/json' }));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      class="publish"
      onSubmit={event => {
        event.preventDefault();
        void submit();
      }}
    >
      {children}
      <div class="fields">
        <label>
          {texts.chooseFile}
          <input
            type="file"
            accept=".json,application/json"
            onChange={event => {
              setFile(event.currentTarget.files?.[0] ?? null);
              onChoose?.();
            }}
          />
        </label>
        {more}
        <button type="submit" class="button is-primary" disabled={file === null || isBusy}>
          {isBusy ? beginning : begin}
        </button>
      </div>
    </form>
  );
}

/** Does something that HQ may refuse; answers what is to be said of it, null where there is nothing. */
export async function tried(lost: string, run: () => Promise<string | null>): Promise<Said | null> {
  try {
    const text = await run();
    return text === null ? null : { isGood: true, text, faults: [] };
  } catch (error) {
    if (error instanceof Refusal) return { isGood: false, text: error.message, faults: error.faults };
    if (error instanceof NoAnswer) return { isGood: false, text: lost, faults: [] };
    throw error;
  }
}

/** @param bad what a refusal means */
export function Outcome({ said, bad }: { said: Said | null; bad: string }) {
  const { texts } = useView();
  return (
    <div aria-live="polite">
      {said?.isGood === true && <p class="good">{said.text}</p>}
      {said?.isGood === false && (
        <p class="bad">
          <b>{bad}</b> {said.text}
        </p>
      )}
      {said !== null && said.faults.length > 0 && (
        <Table name={texts.fault} empty="" columns={[texts.place, texts.fault]}>
          {said.faults.map((fault, i) => (
            <tr key={`${fault.pointer} ${i}`}>
              <th scope="row">
                <code>{fault.pointer || '/'}</code>
              </th>
              <td>{fault.message}</td>
            </tr>
          ))}
        </Table>
      )}
    </div>
  );
}

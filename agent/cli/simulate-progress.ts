/** The bar that `tillside simulate` draws while it runs: on a terminal only, so that a log gets none. */

const width = 30;
/** Milliseconds between two drawings. */
const pause = 100;

export interface ProgressBar {
  /** @param sales played so far */
  show(sales: number): void;
  /** Takes the bar away. */
  end(): void;
}

/**
 * @param out where it is drawn, if that is a terminal
 * @param bytes size of the file; 0: not known, then only sales are counted
 * @param read how many of them have been read
 * @param now milliseconds of any clock that does not go back
 */
export function progressBar(
  out: NodeJS.WritableStream & { readonly isTTY?: boolean },
  bytes: number,
  read: () => number,
  now: () => number,
): ProgressBar {
  let shown = Number.NEGATIVE_INFINITY;
  const draws = out.isTTY === true;
  return {
    show(sales) {
      if (!draws || now() - shown < pause) return;
      shown = now();
      const counted = `${sales.toLocaleString('en')} sales`;
      if (bytes === 0) {
        out.write(`\r${counted}`);
        return;
      }
      const part = Math.min(1, read() / bytes);
      const full = Math.round(part * width);
      const percent = Math.floor(part * 100)
        .toString()
        .padStart(3);
      out.write(`\r${'█'.repeat(full)}${'░'.repeat(width - full)} ${percent} %  ${counted}`);
    },
    end() {
      if (draws && shown > Number.NEGATIVE_INFINITY) out.write('\r\x1b[K');
    },
  };
}

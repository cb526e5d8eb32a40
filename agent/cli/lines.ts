/** Lines of a byte stream, in constant memory: a line longer than the limit is cut and marked. */

const longest = 16 * 1024 * 1024;

export interface Line {
  /** Without the line feed. */
  readonly bytes: Uint8Array;
  /** What is not UTF-8 stands as U+FFFD. */
  readonly text: string;
  /** The line was longer than the limit; its text is not given. */
  readonly cut: boolean;
}

export async function* linesOf(stream: NodeJS.ReadableStream, limit: number = longest): AsyncIterable<Line> {
  let parts: Uint8Array[] = [];
  let size = 0;
  const take = (): Line => {
    const cut = size > limit;
    const bytes = Buffer.concat(cut ? [] : parts);
    const line = { bytes, text: bytes.toString('utf8'), cut };
    parts = [];
    size = 0;
    return line;
  };
  const keep = (part: Uint8Array) => {
    size += part.length;
    if (size <= limit) parts.push(part);
    else parts = [];
  };
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(10, start); end >= 0; end = bytes.indexOf(10, start)) {
      keep(bytes.subarray(start, end));
      yield take();
      start = end + 1;
    }
    if (start < bytes.length) keep(bytes.subarray(start));
  }
  if (size > 0) yield take();
}

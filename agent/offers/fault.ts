/** One fault of a document: where (JSON Pointer, RFC 6901) and what. The offers part declares it itself: it imports nothing. */
export type Fault = { readonly pointer: string; readonly message: string };

/** A JSON Pointer from its parts. */
export function pointer(path: readonly (string | number)[]): string {
  return path
    .map(part => `/${typeof part === 'number' ? part : part.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

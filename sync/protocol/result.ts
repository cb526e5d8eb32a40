/** What every parser of this folder answers: it never throws, whatever it is given. */

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

export const accept = <T>(value: T): Result<T> => ({ ok: true, value });
export const refuse = (reason: string): { readonly ok: false; readonly reason: string } => ({ ok: false, reason });

/** The access token: comes once in the address's fragment (`#token=…`), then lives in this window only. */

const key = 'tillside.token';

/** The token, or null where this window was never given one. Takes it out of the address bar. */
export function takeToken(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given === null || given === '') return sessionStorage.getItem(key);
  sessionStorage.setItem(key, given);
  history.replaceState(null, '', location.pathname + location.search);
  return given;
}

export function forgetToken(): void {
  sessionStorage.removeItem(key);
}

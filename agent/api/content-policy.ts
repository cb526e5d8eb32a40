/** What the till's screen may load and call: nothing but its own till. Sent by the API, enforced again by the shell. */

/** `data:` and `blob:` pictures: slips are fetched with the token and shown as blobs. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "media-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

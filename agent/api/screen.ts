/** Serves the built screen (ui/dist/till) beside the API, with headers that let it load and call nothing but this till. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { TillsideError } from '../../errors.ts';
import { contentSecurityPolicy } from './content-policy.ts';

const headers: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), payment=()',
};

/** Where the folder is missing, `/` says how to make it; the API works without. */
export function serveScreen(app: FastifyInstance, uiDir: string): void {
  if (!existsSync(join(uiDir, 'index.html'))) {
    app.get('/', { config: { access: 'open' } }, () => {
      throw new TillsideError('not-found', 'The screen has not been built: run "npm run build" and start again.');
    });
    return;
  }
  app.register(fastifyStatic, {
    root: uiDir,
    index: 'index.html',
    dotfiles: 'deny',
    decorateReply: false,
    cacheControl: false,
    setHeaders: (reply, path) => {
      for (const [name, value] of Object.entries(headers)) reply.header(name, value);
      // Vite names everything below assets/ by its content; the page itself must always be the newest.
      const lasting = /[\\/]assets[\\/]/.test(path);
      reply.header('cache-control', lasting ? 'public, max-age=31536000, immutable' : 'no-store');
    },
  });
}

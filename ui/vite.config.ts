/** `vite build ui` makes two pages that each stand alone: ui/dist/till and ui/dist/hq, with relative paths only. */
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { defineConfig, type EnvironmentOptions } from 'vite';

const pages = ['till', 'hq'] as const;
const dist = fileURLToPath(new URL('./dist', import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  appType: 'mpa',
  experimental: {
    // A page's folder is served as its root, so its files are named from there.
    renderBuiltUrl: (file, { hostType }) => (hostType === 'html' ? `.${file.slice(file.indexOf('/'))}` : undefined),
  },
  environments: Object.fromEntries(pages.map(page => [page, pageEnvironment(page)])),
  builder: {
    async buildApp(builder) {
      await rm(dist, { recursive: true, force: true });
      for (const page of pages) {
        const environment = builder.environments[page];
        if (environment !== undefined) await builder.build(environment);
      }
    },
  },
});

function pageEnvironment(page: string): EnvironmentOptions {
  return {
    consumer: 'client',
    build: {
      outDir: dist,
      emptyOutDir: false,
      // No data: addresses, so that the server's content policy can stay strict.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: 'es2023',
      rolldownOptions: {
        input: { [page]: fileURLToPath(new URL(`./${page}/index.html`, import.meta.url)) },
        output: {
          entryFileNames: `${page}/assets/[name]-[hash].js`,
          chunkFileNames: `${page}/assets/[name]-[hash].js`,
          assetFileNames: `${page}/assets/[name]-[hash][extname]`,
        },
      },
    },
  };
}

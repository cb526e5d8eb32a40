/** Builds the shell into dist/electron: main.js (ES module) and preload.cjs (a sandboxed preload must be CommonJS). */
import { rm } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { defineConfig, type EnvironmentOptions } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dist = fileURLToPath(new URL('../../dist/electron', import.meta.url));

export default defineConfig({
  root,
  environments: {
    main: part('main', 'es', 'main.js'),
    preload: part('preload', 'cjs', 'preload.cjs'),
  },
  builder: {
    async buildApp(builder) {
      await rm(dist, { recursive: true, force: true });
      for (const name of ['main', 'preload']) {
        const environment = builder.environments[name];
        if (environment !== undefined) await builder.build(environment);
      }
    },
  },
});

function part(name: string, format: 'es' | 'cjs', file: string): EnvironmentOptions {
  return {
    consumer: 'server',
    // All but Electron and Node goes into the file: the archive of the shell needs no node_modules.
    resolve: { noExternal: true, external: ['electron'] },
    build: {
      outDir: dist,
      emptyOutDir: false,
      target: 'node24',
      minify: false,
      rolldownOptions: {
        input: fileURLToPath(new URL(`./${name}.ts`, import.meta.url)),
        external: id => id === 'electron' || isBuiltin(id),
        output: { format, entryFileNames: file, codeSplitting: false },
      },
    },
  };
}

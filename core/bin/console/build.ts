/**
 * Builds the page and the window's programs into out/, unless they were already built from these very sources: a digest of the
 * sources is kept beside what was built from them.
 */

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Failure } from '../failure.ts'

/** Two folders above this program, wherever it lies: in the repository, or bundled. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const OUT = join(ROOT, 'out')
export const PAGE_FOLDER = join(OUT, 'renderer')

const SOURCES = ['core', 'main', 'preload', 'renderer', 'electron.vite.config.ts', 'package-lock.json']
const DIGEST_NAME = 'sources.sha256'
const CACHE = join(ROOT, 'node_modules/.cache')
const BUILDER = join(ROOT, 'node_modules/electron-vite/bin/electron-vite.js')

/** Builds where that is necessary; `say` is called before. */
export async function buildConsole(say: (line: string) => void): Promise<void> {
  const isBuilt = existsSync(join(PAGE_FOLDER, 'index.html'))
  // An installed package has what was built, but neither all sources nor the tools.
  if (!existsSync(BUILDER)) {
    if (isBuilt) return
    throw new Failure('usage', 'The console is not built, and what builds it is not installed: run npm ci first.')
  }
  const digest = digestOf(SOURCES)
  if (isBuilt && readDigest() === digest) return
  say('Building the console, once …')
  await build(digest)
}

/**
 * Built elsewhere and put in place as a whole: a program that runs meanwhile finds either what was there before, or what is there
 * after.
 */
async function build(digest: string): Promise<void> {
  mkdirSync(CACHE, { recursive: true })
  const made = mkdtempSync(join(CACHE, 'built-'))
  const before = `${made}.before`
  try {
    await run(process.execPath, [BUILDER, 'build', '--logLevel', 'error', '--outDir', made])
    writeFileSync(join(made, DIGEST_NAME), digest)
    if (existsSync(OUT)) renameSync(OUT, before)
    renameSync(made, OUT)
  } finally {
    for (const folder of [made, before]) rmSync(folder, { recursive: true, force: true })
  }
}

/** The digest of the sources that were last built; undefined where that was done by hand. */
function readDigest(): string | undefined {
  const file = join(OUT, DIGEST_NAME)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

function digestOf(paths: readonly string[]): string {
  const hash = createHash('sha256')
  for (const path of paths.flatMap((one) => listFiles(one))) hash.update(`${path}\0`).update(readFileSync(join(ROOT, path)))
  return hash.digest('hex')
}

function listFiles(path: string): string[] {
  if (!existsSync(join(ROOT, path))) return []
  if (/\.\w+$/.test(path)) return [path]
  return readdirSync(join(ROOT, path), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => file.slice(ROOT.length))
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (code !== 0) throw new Failure('damaged', `The console could not be built:\n${said.trim()}`)
}

/**
 * The console in a window: starts Electron where there is a display and its binary is here, or can be fetched quickly. Electron's
 * package comes without the binary, and nothing is fetched while it is installed.
 */

import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './build.ts'

const FETCH_TIMEOUT_MS = 60_000
/** How long to try to reach the server; if there is no network at all, that is noticed sooner. */
const REACH_TIMEOUT_MS = 4_000
const ELECTRON_FOLDER = join(ROOT, 'node_modules/electron')
const BINARIES = 'https://github.com/electron/electron/releases'

/** The binary, or why there will be no window, as a sentence. */
type FoundWindow = { readonly binary: string } | { readonly without: string }

export async function findWindow(say: (line: string) => void, env: NodeJS.ProcessEnv = process.env): Promise<FoundWindow> {
  const given = env.ELECTRON_EXEC_PATH
  if (given !== undefined && given !== '') {
    return existsSync(given) ? { binary: given } : { without: `ELECTRON_EXEC_PATH names ${given}, which does not exist.` }
  }
  if (process.platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY)
    return { without: 'There is no display for a window.' }
  const here = installedBinary()
  if (here !== undefined) return { binary: here }
  if (!existsSync(join(ELECTRON_FOLDER, 'install.js'))) return { without: 'Electron is not installed.' }
  if (!(await isReachable()))
    return { without: 'The binary of Electron is not here and cannot be fetched: there is no way to its server.' }
  say('Fetching Electron, once …')
  await fetchBinary()
  const fetched = installedBinary()
  return fetched === undefined ? { without: 'The binary of Electron is not here and could not be fetched.' } : { binary: fetched }
}

/** Found in the same way as Electron's own package does. */
function installedBinary(): string | undefined {
  const named = join(ELECTRON_FOLDER, 'path.txt')
  if (!existsSync(named)) return undefined
  const binary = join(ELECTRON_FOLDER, 'dist', readFileSync(named, 'utf8'))
  return existsSync(binary) ? binary : undefined
}

async function isReachable(): Promise<boolean> {
  try {
    await fetch(BINARIES, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(REACH_TIMEOUT_MS) })
    return true
  } catch {
    return false
  }
}

/** Electron's own installer checks the digest of what it fetches. */
async function fetchBinary(): Promise<void> {
  const child = spawn(process.execPath, [join(ELECTRON_FOLDER, 'install.js')], { stdio: 'ignore', timeout: FETCH_TIMEOUT_MS })
  await new Promise<void>((resolve) => {
    child.on('error', () => resolve())
    child.on('close', () => resolve())
  })
}

/** Shows the window until it is closed or the signal ends it. Returns the exit code. */
export async function showWindow(binary: string, args: readonly string[], signal: AbortSignal): Promise<number> {
  const { ELECTRON_RUN_AS_NODE: _asNode, NODE_OPTIONS: _options, ...env } = process.env
  const child = spawn(binary, [ROOT, ...args], { stdio: 'inherit', env })
  signal.addEventListener('abort', () => child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 0))
  })
}

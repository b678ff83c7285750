/**
 * The built window program, run as its user runs it: on Electron's own binary where it is installed, on the stand-in where not;
 * and a client that makes its calls from within the page, over the bridge that the preload script put there.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createTRPCClient } from '@trpc/client'
import { _electron, chromium, type Page } from 'playwright-core'
import { inject, onTestFinished } from 'vitest'
import type { IpcBridge, IpcResponse } from '../../core/api/ipc-messages.ts'
import type { Router } from '../../core/api/router.ts'
import { ipcLink } from '../../renderer/rpc/ipc-link.ts'
import type { Client } from '../api/console.ts'
import { end, folder, ROOT } from '../cli/run.ts'

const START_TIMEOUT_MS = 30_000
const POLL_MS = 50

export interface RunningWindow {
  readonly page: Page
  readonly userData: string
  readonly process: ChildProcess
  /** Ends the program as the system would, and waits until it has ended. Returns its exit code. */
  end(): Promise<number | null>
}

/** Electron's binary where it is installed; nothing is fetched for tests. */
function electronBinary(): string | undefined {
  const given = process.env.ELECTRON_EXEC_PATH
  if (given !== undefined && existsSync(given)) return given
  const home = join(createRequire(import.meta.url).resolve('electron/package.json'), '..')
  const named = join(home, 'path.txt')
  const binary = existsSync(named) ? join(home, 'dist', readFileSync(named, 'utf8')) : undefined
  return binary !== undefined && existsSync(binary) ? binary : undefined
}

export async function launch(dir: string, userData = folder()): Promise<RunningWindow> {
  const args = ['--dir', dir, `--user-data-dir=${userData}`]
  const binary = electronBinary()
  return binary === undefined ? launchStandIn(args, userData) : launchElectron(binary, args, userData)
}

async function launchElectron(executablePath: string, args: readonly string[], userData: string): Promise<RunningWindow> {
  const app = await _electron.launch({ executablePath, args: [ROOT, ...args] })
  onTestFinished(() => app.close().catch(() => {}))
  const page = await app.firstWindow()
  return { page, userData, process: app.process(), end: () => end(app.process()) }
}

async function launchStandIn(args: readonly string[], userData: string): Promise<RunningWindow> {
  const portFile = join(userData, 'chromium/DevToolsActivePort')
  // That of a program that used the folder before.
  rmSync(portFile, { force: true })
  const child = spawnStandIn(args)
  // Told to end rather than killed, which would leave its browser behind.
  onTestFinished(async () => void (await end(child)))
  const browser = await connected(child, portFile)
  onTestFinished(() => browser.close())
  const page = browser.contexts()[0]!.pages()[0]!
  await page.waitForURL(/standin/)
  await page.waitForFunction('"nimledger" in globalThis')
  return { page, userData, process: child, end: () => end(child) }
}

/** The program without anybody who looks at its window: for those that end by themselves. */
export function spawnStandIn(args: readonly string[]): ChildProcess {
  const register = join(ROOT, 'test/standin/register.ts')
  const { NODE_OPTIONS: _options, ...env } = process.env
  return spawn(process.execPath, ['--import', register, join(ROOT, 'out/main/index.js'), ...args], {
    env: { ...env, STANDIN_BROWSER: JSON.stringify(inject('browser')) },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}

/** Connects to the stand-in's browser, whose folder names the port once it listens. */
async function connected(child: ChildProcess, portFile: string) {
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; ) {
    if (child.exitCode !== null) throw new Error(`The window ended with ${child.exitCode}.`)
    const port = existsSync(portFile) ? readFileSync(portFile, 'utf8').split('\n')[0] : ''
    if (port !== '') return chromium.connectOverCDP(`http://127.0.0.1:${port}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  throw new Error('The window did not open.')
}

/** The bridge as the page has it, reached from here. */
export async function bridgeOf(page: Page): Promise<IpcBridge> {
  const listeners = new Set<(response: IpcResponse) => void>()
  const name = `hear${Math.random().toString(36).slice(2)}`
  await page.exposeFunction(name, (response: IpcResponse) => {
    for (const hear of listeners) hear(response)
  })
  await page.evaluate((name) => {
    const { nimledger } = globalThis as unknown as { nimledger: IpcBridge }
    const tell = (globalThis as unknown as Record<string, (response: IpcResponse) => void>)[name]!
    nimledger.listen((response) => tell(response))
  }, name)
  return {
    send: (request) =>
      void page
        .evaluate((given) => (globalThis as unknown as { nimledger: IpcBridge }).nimledger.send(given), request)
        .catch(() => {}),
    listen: (hear) => {
      listeners.add(hear)
      return () => void listeners.delete(hear)
    },
  }
}

export async function windowClient(page: Page): Promise<Client> {
  return createTRPCClient<Router>({ links: [ipcLink(await bridgeOf(page))] })
}

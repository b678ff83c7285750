/**
 * The console in a window of its own: composes the desk, the page and the channel between them. The desk lives in this process,
 * its long work in threads; the window has no key and no file.
 */

import { join } from 'node:path'
import { app, dialog, ipcMain, powerMonitor, protocol, safeStorage, session } from 'electron'
import { serveIpc } from '../core/api/ipc-server.ts'
import type { Context } from '../core/api/procedure.ts'
import { RIGHTS } from '../core/api/procedure.ts'
import { consoleRouter, MAX_REQUEST_BYTES } from '../core/api/router.ts'
import { readToken } from '../core/bin/commands/options.ts'
import { ConsoleDesk } from '../core/bin/console/console-desk.ts'
import { LOCK_AFTER_MINUTES } from '../core/bin/console/lock-after.ts'
import { failureOf } from '../core/bin/failure.ts'
import { defaultDir, userPath } from '../core/bin/place.ts'
import { Pages } from '../core/net/pages.ts'
import { openKeychain } from './keychain.ts'
import { setMenu } from './menu.ts'
import { isOwnPage, registerScheme, servePage } from './page.ts'
import { denyPermissions, openWindow } from './window.ts'

const HERE = import.meta.dirname

registerScheme(protocol)
// Beside the ledger's own folder, which has this program's name on some systems.
if (!app.commandLine.hasSwitch('user-data-dir')) app.setPath('userData', join(app.getPath('appData'), 'nimledger-window'))
// Not awaited: Electron is ready only after this file has run to its end.
if (app.requestSingleInstanceLock()) void app.whenReady().then(start)
else app.quit()

function readDir(): string {
  const position = process.argv.indexOf('--dir')
  const given = position < 0 ? undefined : process.argv[position + 1]
  return given === undefined ? defaultDir('nimledger') : userPath(given)
}

async function start(): Promise<void> {
  const dir = readDir()
  let desk: ConsoleDesk
  try {
    desk = await openDesk(dir)
  } catch (error) {
    dialog.showErrorBox('NIM Ledger', failureOf(error).message)
    app.quit()
    return
  }
  serveIpc<Context>({
    ipcMain,
    router: consoleRouter,
    isOwnPage: ({ senderFrame }) => isOwnPage(senderFrame),
    createContext: () => ({ host: desk, rights: () => RIGHTS[desk.status] }),
    maxRequestBytes: MAX_REQUEST_BYTES,
  })
  servePage(protocol, new Pages(join(HERE, '../renderer')))
  setMenu()
  denyPermissions(session.defaultSession)
  let window = openWindow(HERE)
  app.on('second-instance', () => {
    if (window.isMinimized()) window.restore()
    window.show()
    window.focus()
  })
  // On a Mac an application lives on without a window.
  app.on('activate', () => {
    if (window.isDestroyed()) window = openWindow(HERE)
  })
}

async function openDesk(dir: string): Promise<ConsoleDesk> {
  const keychain = await openKeychain(safeStorage, app.getPath('userData'), dir)
  const given = { dir, version: app.getVersion(), lockAfterMinutes: LOCK_AFTER_MINUTES, keychain, token: readToken({}) }
  const desk = new ConsoleDesk(given)
  endWith(desk)
  await desk.unlockAlone()
  return desk
}

/** Closes the desk before the program ends, and locks its keys with the screen. */
function endWith(desk: ConsoleDesk): void {
  let isClosed = false
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  app.on('will-quit', (event) => {
    if (isClosed) return
    event.preventDefault()
    void desk.close().finally(() => {
      isClosed = true
      app.quit()
    })
  })
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => app.quit())
  for (const event of ['lock-screen', 'suspend'] as const) powerMonitor.on(event as 'suspend', () => void desk.lock())
}

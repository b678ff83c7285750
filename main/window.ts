/**
 * The window: a sandboxed page that shows the console and can do nothing else. It navigates nowhere, opens nothing, is given no
 * permission but to copy text, and loads only what was built with it.
 */

import { join } from 'node:path'
import { BrowserWindow, dialog, type Session } from 'electron'
import { PAGE } from './page.ts'

const SIZE = { width: 1280, height: 820, minWidth: 1024, minHeight: 640 }

export function openWindow(here: string): BrowserWindow {
  const window = new BrowserWindow({
    ...SIZE,
    show: false,
    title: 'NIM Ledger',
    autoHideMenuBar: false,
    webPreferences: {
      preload: join(here, '../preload/index.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
      devTools: false,
    },
  })
  const { webContents } = window
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }))
  for (const event of ['will-navigate', 'will-redirect', 'will-frame-navigate', 'will-attach-webview'] as const) {
    webContents.on(event as 'will-navigate', (details) => details.preventDefault())
  }
  window.once('ready-to-show', () => window.show())
  window.loadURL(PAGE).catch((error: Error) => {
    // The page was reloaded before it was there, or its window was closed.
    if (!window.isDestroyed() && !error.message.includes('ERR_ABORTED')) dialog.showErrorBox('NIM Ledger', error.message)
  })
  return window
}

/** What the copy buttons need: writing text to the clipboard, which the system asks for only after a click. */
const COPYING = 'clipboard-sanitized-write'

/** A page is granted nothing else that it could ask for. */
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, decide) => decide(permission === COPYING))
  session.setPermissionCheckHandler((_contents, permission) => permission === COPYING)
  session.setDevicePermissionHandler(() => false)
}

/** How the window is set up, read in the programs themselves: what may be nowhere, and what must be. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isOwnPage, PAGE } from '../../main/page.ts'
import { ROOT } from '../cli/run.ts'

const texts = ['main', 'preload'].flatMap((folder) =>
  readdirSync(join(ROOT, folder)).map((name) => [`${folder}/${name}`, readFileSync(join(ROOT, folder, name), 'utf8')] as const),
)
const window = texts.find(([path]) => path === 'main/window.ts')![1]

/** Each of these would open what Electron's list of security advice says to keep closed. */
const CLOSED: readonly (readonly [string, RegExp])[] = [
  ['Node in the page', /nodeIntegration\w*: true|contextIsolation: false|sandbox: false|enableNodeIntegration/],
  [
    'a page without the rules of the web',
    /webSecurity: false|allowRunningInsecureContent|experimentalFeatures|enableBlinkFeatures/,
  ],
  ['pages within the page', /webviewTag: true|BrowserView|WebContentsView/],
  ['other programs', /\bshell\b|openExternal|openPath/],
  ['anything from elsewhere', /\bhttps?:\/\/|loadFile|\bnet\.|autoUpdater/],
  ['debuggers', /openDevTools|devTools: true|--inspect|remote-debugging/],
  ['code from texts', /executeJavaScript|\beval\(|new Function|insertCSS/],
  ['the channel itself in the page', /exposeInMainWorld\([^)]*ipcRenderer\b|ipcRenderer\.(?:invoke|sendSync|postMessage)/],
]

describe('the programs of the window', () => {
  it.each(CLOSED)('keep closed: %s', (_what, form) => {
    expect(texts.filter(([, text]) => form.test(text)).map(([path]) => path)).toEqual([])
  })

  it('have one window, sandboxed and isolated, that goes nowhere and is given nothing', () => {
    expect(texts.map(([, text]) => text.match(/new BrowserWindow\(/g)?.length ?? 0).reduce((sum, count) => sum + count)).toBe(1)
    for (const setting of ['sandbox: true', 'contextIsolation: true', 'nodeIntegration: false', 'webviewTag: false']) {
      expect(window).toContain(setting)
    }
    expect(window).toContain("setWindowOpenHandler(() => ({ action: 'deny' }))")
    for (const event of ['will-navigate', 'will-redirect', 'will-frame-navigate', 'will-attach-webview'])
      expect(window).toContain(event)
    for (const handler of ['setPermissionRequestHandler', 'setPermissionCheckHandler', 'setDevicePermissionHandler']) {
      expect(window).toContain(handler)
    }
    // Of all permissions the one for copy buttons, and no other way to give one.
    expect(window.match(/COPYING = '([a-z-]+)'/)?.[1]).toBe('clipboard-sanitized-write')
    expect(window.match(/permission === COPYING/g)).toHaveLength(2)
    expect(window).not.toMatch(/decide\(true\)|CheckHandler\(\(\) => true/)
  })

  it('share one channel, and a bridge of two functions', () => {
    const preload = texts.find(([path]) => path === 'preload/index.ts')![1]
    expect(preload.match(/exposeInMainWorld/g)).toHaveLength(1)
    expect(texts.flatMap(([, text]) => text.match(/ipcMain\.(?:handle|on)\(/g) ?? [])).toEqual([])
  })
})

describe('the page that may call', () => {
  it('is the top frame at its own address, and no other', () => {
    expect(isOwnPage({ url: PAGE, parent: null })).toBe(true)
    expect(isOwnPage({ url: `${PAGE}#/log/7`, parent: null })).toBe(true)
    const others = [
      `${PAGE}x`,
      `${PAGE}?x`,
      'nimledger://console.example/',
      'https://console/',
      'file:///',
      'about:blank',
      'data:text/html,',
      '',
    ]
    for (const url of others) expect(isOwnPage({ url, parent: null }), url).toBe(false)
    expect(isOwnPage({ url: PAGE, parent: {} })).toBe(false)
    expect(isOwnPage(null)).toBe(false)
  })
})

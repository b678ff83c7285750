/**
 * The console in a real browser, over HTTP from a real `nimledger console`. A page that reports anything to its console,
 * breaks the page's policy, asks another host or opens a dialog fails its test, whatever it shows.
 */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser as Chromium, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, onTestFinished, vi } from 'vitest'
import { marketCopy } from '../api/console.ts'
import type { Market } from '../cli/market.ts'
import { PASSPHRASE } from '../cli/run.ts'
import { startConsole } from '../console/process.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

/** What is waited for comes late on a busy machine. */
const WAIT_MS = 30_000
export const EVENTUALLY = { timeout: WAIT_MS }

export const WINDOW = { width: 1280, height: 800 }
export const SMALLEST = { width: 1024, height: 640 }

let chromiumOfFile: Chromium | undefined

beforeAll(async () => {
  const { executablePath, args, env } = inject('browser')
  chromiumOfFile = await chromium.launch({
    executablePath,
    args: [...args],
    env: { ...process.env, ...env } as Record<string, string>,
  })
})

afterAll(async () => {
  await chromiumOfFile?.close()
})

interface View {
  readonly size?: { readonly width: number; readonly height: number }
  readonly scheme?: 'light' | 'dark'
}

export interface Visit {
  readonly page: Page
  /** Another page of the same person. */
  another(): Promise<Page>
  /** The console's own address. */
  readonly origin: string
  /** What the test itself breaks is no fault: forgets what was reported so far. */
  forgive(): void
}

/** Opens the address of a console, as its user would. */
export async function visit(
  { url, listening }: { url: string; listening: string },
  { size = WINDOW, scheme = 'light' }: View = {},
): Promise<Visit> {
  const context = await chromiumOfFile!.newContext({
    viewport: size,
    colorScheme: scheme,
    timezoneId: 'Europe/Rome',
    reducedMotion: 'reduce',
    acceptDownloads: true,
  })
  context.setDefaultTimeout(WAIT_MS)
  const faults: string[] = []
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text())
  })
  context.on('weberror', (error) => faults.push(String(error.error())))
  context.on('dialog', (dialog) => {
    faults.push(`a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  context.on('request', (request) => {
    if (!request.url().startsWith(listening) && !request.url().startsWith('blob:')) faults.push(`asked ${request.url()}`)
  })
  onTestFinished(async () => {
    await context.close()
    expect(faults, 'what the page reported').toEqual([])
  })
  const page = await context.newPage()
  await page.goto(url)
  const another = async () => {
    const next = await context.newPage()
    await next.goto(listening)
    return next
  }
  return { page, another, origin: listening, forgive: () => void faults.splice(0) }
}

/** The market's ledger open in a browser, with somebody acting. */
export async function openMarket(who: string, view?: View): Promise<Visit & { readonly market: Market }> {
  const market = await marketCopy()
  const seen = await openLedger(market.dir, view)
  await actAs(seen.page, who)
  return { ...seen, market }
}

/** A folder's ledger open in a browser. */
export async function openLedger(dir: string, view?: View) {
  const { facts } = await startConsole(dir, ['--lock-after', '0'], PASSPHRASE)
  return visit(facts, view)
}

export async function actAs(page: Page, who: string): Promise<void> {
  await page.getByRole('button', { name: /^Account:/ }).click()
  await page.getByRole('menuitem', { name: who }).click()
  await page.getByRole('button', { name: new RegExp(`^Account: .*${who}`) }).waitFor()
}

/** Runs a command by its name, with the keyboard. */
export async function command(page: Page, name: string): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.locator('input[placeholder="Search or run a command"]:focus').waitFor()
  await page.keyboard.type(name.toLowerCase())
  await page.locator('[data-action][data-selected]', { hasText: name }).waitFor()
  await page.keyboard.press('Enter')
}

export async function open(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    window.location.hash = to
  }, hash)
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
  }[]
}

const require = createRequire(import.meta.url)
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds on the page, in words. */
export async function axeFindings(page: Page): Promise<string[]> {
  const isThere = await page.evaluate(() => 'axe' in window)
  // The page's policy lets no script in but its own; the browser itself may run what it likes.
  if (!isThere) await page.evaluate(AXE)
  const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as AxeResult
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  )
}

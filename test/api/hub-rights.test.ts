/** The hub's procedures: each there is, without rights, with all but the one it needs, and for somebody else's account. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { callTRPCProcedure } from '@trpc/server'
import { describe, expect, it } from 'vitest'
import type { HubHost } from '../../core/api/hub/host.ts'
import { type Caller, HUB_RIGHTS, type HubContext, type HubRight } from '../../core/api/hub/procedure.ts'
import { hubRouter } from '../../core/api/hub/router.ts'
import { composeText } from '../../core/domain/envelope.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { ADA, BOB, MODEL, ORIGIN } from '../ledger/support.ts'

interface Procedure {
  readonly _def: { readonly type: 'query' | 'mutation' | 'subscription'; readonly meta?: { readonly needs?: HubRight } }
}

const procedures = Object.entries(hubRouter._def.procedures as unknown as Record<string, Procedure>)

/** What each procedure needs: one that is not here is a hole, or was forgotten here. */
const NEEDS: Readonly<Record<string, HubRight>> = {
  'access.challenge': 'look',
  'access.prove': 'look',
  'account.entries': 'own',
  'account.earnings': 'own',
  'account.holdings': 'own',
  'account.list': 'read',
  'account.show': 'own',
  'account.wallet': 'own',
  'log.entry': 'own',
  'log.head': 'look',
  'log.page': 'read',
  'log.range': 'read',
  'log.sizes': 'own',
  'log.watch': 'own',
  'status.show': 'operate',
  'transaction.preview': 'own',
  'transaction.submit': 'submit',
  'transaction.submitMany': 'submit',
}

/** What those about an account are asked, for Ada's. */
const draft = composeText({
  ...{ type: 'model.create', body: MODEL, ledger: ORIGIN, signer: ADA.account },
  ...{ made: 1_800_000_000, nonce: new Uint8Array(16) },
})
const ABOUT_ADA: Readonly<Record<string, unknown>> = {
  'account.entries': { account: ADA.account },
  'account.earnings': { account: ADA.account },
  'account.holdings': { account: ADA.account },
  'account.show': { account: ADA.account },
  'account.wallet': { account: ADA.account },
  'log.watch': { account: ADA.account },
  'transaction.preview': { text: draft },
}

/** A context around a hub that nobody may reach: whatever is asked of it is told. */
function untouchable(caller: () => Caller): { ctx: HubContext; touched: string[] } {
  const touched: string[] = []
  const untouched = (what: string) =>
    new Proxy({} as never, {
      get: (_target, name) => {
        // The rules are the same for every ledger.
        if (name === 'tools') return { rules, sha256 }
        touched.push(`${what}.${String(name)}`)
        throw new Error(`The ${what} was reached.`)
      },
    })
  const ctx: HubContext = {
    host: untouched('host') as HubHost,
    caller: async () => caller(),
    spend: async () => {},
    signIn: untouched('sign-in'),
    view: untouched('view'),
    progress: untouched('progress'),
    hub: '127.0.0.1',
  }
  return { ctx, touched }
}

async function call(path: string, ctx: HubContext, input?: unknown): Promise<unknown> {
  const { type } = (hubRouter._def.procedures as unknown as Record<string, Procedure>)[path]!._def
  const given = { router: hubRouter, path, type, ctx, signal: new AbortController().signal, batchIndex: 0 }
  const result = await callTRPCProcedure({ ...given, getRawInput: async () => input })
  if (type === 'subscription') for await (const _event of result as AsyncIterable<unknown>) return 'an event'
  return result
}

const DENIED = { code: 'FORBIDDEN' }

describe('every procedure of the hub', () => {
  it('is told on the page for scripts', () => {
    const formats = readFileSync(join(import.meta.dirname, '../../docs/formats.md'), 'utf8')
    expect(Object.keys(NEEDS).filter((path) => !formats.includes(path))).toEqual([])
  })

  it('says what it needs, and it is that', () => {
    expect(Object.fromEntries(procedures.map(([path, { _def }]) => [path, _def.meta?.needs]))).toEqual(NEEDS)
  })

  it.each(procedures)('%s is refused to whoever has not that right, before anything is looked at', async (path) => {
    const others = HUB_RIGHTS.filter((right) => right !== NEEDS[path])
    for (const rights of [[], others]) {
      for (const account of [undefined, ADA.account]) {
        const { ctx, touched } = untouchable(() => ({ rights: new Set(rights), ...(account && { account }) }))
        await expect(call(path, ctx, ABOUT_ADA[path]), `${rights}`).rejects.toMatchObject(DENIED)
        expect(touched).toEqual([])
      }
    }
  })

  it.each(procedures)('%s is refused where the right has ended meanwhile', async (path) => {
    const { ctx, touched } = untouchable(() => {
      throw Object.assign(new Error('over'), { code: 'FORBIDDEN' })
    })
    await expect(call(path, ctx, ABOUT_ADA[path])).rejects.toThrow('over')
    expect(touched).toEqual([])
  })

  it('that changes anything is no query', () => {
    const changing = procedures.filter(([path]) => NEEDS[path] === 'submit' || path.startsWith('access.'))
    expect(changing.filter(([, { _def }]) => _def.type !== 'mutation')).toEqual([])
  })
})

describe('what is about an account', () => {
  const own = new Set<HubRight>(['look', 'submit', 'own'])

  it.each(Object.entries(ABOUT_ADA))('%s is not for another one, nor for a caller who is none', async (path, input) => {
    for (const account of [BOB.account, undefined]) {
      const { ctx, touched } = untouchable(() => ({ rights: own, ...(account && { account }) }))
      await expect(call(path, ctx, input)).rejects.toMatchObject(DENIED)
      expect(touched).toEqual([])
    }
  })

  it.each(Object.entries(ABOUT_ADA))('%s is for itself, and for whoever reads the log', async (path, input) => {
    const callers: Caller[] = [{ rights: own, account: ADA.account }, { rights: new Set([...own, 'read']) }]
    for (const caller of callers) {
      const { ctx, touched } = untouchable(() => caller)
      await expect(call(path, ctx, input)).rejects.toThrow()
      // It got as far as the ledger.
      expect(touched).not.toEqual([])
    }
  })
})

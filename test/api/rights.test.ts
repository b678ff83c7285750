/** Nothing is allowed but what a caller has the right to: every procedure there is, with and without it. */

import { callTRPCProcedure } from '@trpc/server'
import { describe, expect, it } from 'vitest'
import type { ConsoleHost } from '../../core/api/host.ts'
import { type Context, RIGHTS, type Right } from '../../core/api/procedure.ts'
import { consoleRouter } from '../../core/api/router.ts'

interface Procedure {
  readonly _def: { readonly type: 'query' | 'mutation' | 'subscription'; readonly meta?: { readonly needs?: Right } }
}

const procedures = Object.entries(consoleRouter._def.procedures as unknown as Record<string, Procedure>)

/** A host that nobody may reach: whatever is asked of it is told. */
function untouchable(status: ConsoleHost['status']): { host: ConsoleHost; touched: string[] } {
  const touched: string[] = []
  const host = new Proxy({} as ConsoleHost, {
    get: (_target, name) => {
      if (name === 'status') return status
      touched.push(String(name))
      throw new Error('The host was reached.')
    },
  })
  return { host, touched }
}

async function call(path: string, { _def }: Procedure, ctx: Context): Promise<unknown> {
  const given = { router: consoleRouter, path, type: _def.type, ctx, signal: undefined, batchIndex: 0 }
  const result = await callTRPCProcedure({ ...given, getRawInput: async () => undefined })
  if (_def.type === 'subscription') for await (const _event of result as AsyncIterable<unknown>) return 'an event'
  return result
}

describe('every procedure', () => {
  it('says what it needs', () => {
    expect(procedures.length).toBeGreaterThan(25)
    expect(procedures.filter(([, { _def }]) => _def.meta?.needs === undefined).map(([path]) => path)).toEqual([])
  })

  it.each(procedures)('%s is refused to whoever has not that right, before anything is looked at', async (path, procedure) => {
    const all: readonly Right[] = ['look', 'found', 'unlock', 'read', 'sign', 'submit']
    const others = new Set(all.filter((right) => right !== procedure._def.meta?.needs))
    for (const rights of [new Set<Right>(), others]) {
      const { host, touched } = untouchable('open')
      await expect(call(path, procedure, { host, rights: () => rights })).rejects.toMatchObject({ code: 'FORBIDDEN' })
      expect(touched).toEqual([])
    }
  })

  it('but looking is refused while the keys are locked', async () => {
    for (const [path, procedure] of procedures) {
      const needs = procedure._def.meta!.needs!
      if (needs === 'look' || needs === 'unlock') continue
      const { host, touched } = untouchable('locked')
      await expect(call(path, procedure, { host, rights: () => RIGHTS.locked }), path).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(touched).toEqual([])
    }
  })

  it('that changes anything is no query', () => {
    const changing = procedures.filter(([, { _def }]) => _def.meta?.needs !== 'read' && _def.meta?.needs !== 'look')
    expect(changing.filter(([, { _def }]) => _def.type !== 'mutation').map(([path]) => path)).toEqual([])
  })
})

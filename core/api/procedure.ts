/**
 * What every procedure of the console is made of. A procedure says which right it needs, and only callers who have it may call
 * it; one that says nothing is refused to everybody.
 */

import { initTRPC, type TRPCError } from '@trpc/server'
import { known, named } from './failures.ts'
import type { ConsoleHost } from './host.ts'
import { SETTINGS } from './trpc.ts'
import type { DeskState } from './views.ts'

/**
 * What a caller may do. `look`: see how the desk stands · `found`: make a ledger where there is none · `unlock`: give the
 * passphrase · `read`: see what the ledger holds · `sign`: use the keys of this machine · `submit`: hand in signed notes.
 */
export type Right = 'look' | 'found' | 'unlock' | 'read' | 'sign' | 'submit'

/** What the person at this machine may do, depending on how the desk stands. */
export const RIGHTS: Readonly<Record<DeskState['status'], ReadonlySet<Right>>> = {
  empty: new Set<Right>(['look', 'found']),
  founding: new Set<Right>(['look']),
  locked: new Set<Right>(['look', 'unlock']),
  open: new Set<Right>(['look', 'read', 'sign', 'submit']),
}

export interface Context {
  readonly host: ConsoleHost
  /** Asked in every call, since rights change with the desk. */
  readonly rights: () => ReadonlySet<Right>
}

const t = initTRPC.context<Context>().meta<{ readonly needs: Right }>().create(SETTINGS)

const guarded = t.procedure.use(async ({ ctx, meta, next }) => {
  if (meta === undefined || !ctx.rights().has(meta.needs)) throw denied(ctx.host.status)
  const result = await next()
  if (!result.ok) throw named(result.error, ctx.host)
  return result
})

/** A procedure for callers who have a right. */
export function may(needs: Right) {
  return guarded.meta({ needs })
}

export const router = t.router

function denied(status: DeskState['status']): TRPCError {
  if (status === 'locked') return known('locked', 'The keys are locked: unlock them first.')
  return known('denied', status === 'empty' ? 'There is no ledger here yet.' : 'That is not allowed here, or not now.')
}

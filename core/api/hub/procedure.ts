/**
 * What every procedure of the hub is made of. A procedure says which right it needs, and only callers who have it may call it;
 * one that says nothing is refused to everybody.
 */

import { initTRPC } from '@trpc/server'
import { known, named } from '../failures.ts'
import type { HubView } from '../hub-view.ts'
import { SETTINGS } from '../trpc.ts'
import type { HubHost } from './host.ts'
import type { SignIn } from './sign-in.ts'

/**
 * What a caller may do. `look`: see which ledger this is · `submit`: hand in signed notes · `own`: see what concerns the caller's
 * account · `read`: see the whole log · `metrics`: see the hub's own figures · `operate`: see also who follows it and what is
 * wrong with it.
 */
export const HUB_RIGHTS = ['look', 'submit', 'own', 'read', 'metrics', 'operate'] as const
export type HubRight = (typeof HUB_RIGHTS)[number]

export interface Caller {
  readonly rights: ReadonlySet<HubRight>
  /** The account whose key the caller has proven to hold. */
  readonly account?: string
}

/** Takes note of how far a caller is that follows the log. */
interface Progress {
  /** The caller was told that there are so many entries. */
  tell(entries: number): void
  /** The caller was shown the entries up to so many. */
  show(entries: number): void
}

export interface HubContext {
  readonly host: HubHost
  /** Asked in every call, and again while events go on, since a right may end. */
  readonly caller: () => Promise<Caller>
  /** Counts what a call costs the ledger, in notes; throws where that is more than the caller's share. */
  readonly spend: (notes: number) => Promise<void>
  readonly signIn: Pick<SignIn, 'challenge' | 'prove'>
  /** How the hub is doing. */
  readonly view: () => Promise<HubView>
  readonly progress: Progress
  /** The host that the caller asked, without a port; empty where it named none. */
  readonly hub: string
}

const t = initTRPC.context<HubContext>().meta<{ readonly needs: HubRight }>().create(SETTINGS)

const guarded = t.procedure.use(async ({ ctx, meta, next }) => {
  if (meta === undefined || !(await ctx.caller()).rights.has(meta.needs)) throw denied()
  const result = await next()
  if (!result.ok) throw named(result.error, ctx.host)
  return result
})

/** A procedure for callers who have a right. */
export function may(needs: HubRight) {
  return guarded.meta({ needs })
}

export const router = t.router

/** Refused to this caller, who does not learn whether there is anything to see. */
export function denied() {
  return known('denied', 'That is not for this caller: prove the key of an account, or use a read token of the operator.')
}

/** Lets those through who may see what concerns an account. */
export async function requireAccount({ caller }: Pick<HubContext, 'caller'>, account: string): Promise<void> {
  const { rights, account: own } = await caller()
  if (!rights.has('read') && own !== account) throw denied()
}

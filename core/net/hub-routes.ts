/** What is served under which path, and how requests are told apart in figures and logs. */

import { hubRouter } from '../api/hub/router.ts'

export const CALLS = '/trpc/'
export const HEALTH = '/healthz'
export const METRICS = '/metrics'
export const CHECKPOINT = '/checkpoint'
const TILES = '/tile/'
const ENTRIES = '/tile/entries/'

/** By their full names, such as "log.watch". */
const PROCEDURES = hubRouter._def.procedures as unknown as Readonly<Record<string, { readonly _def: { readonly type: string } }>>

/** Everything that routeName can return. */
export const ROUTES: readonly string[] = [
  'healthz',
  'metrics',
  'checkpoint',
  'entries',
  'tile',
  'batch',
  'other',
  ...Object.keys(PROCEDURES),
]

export function isLogRoute(path: string): boolean {
  return path === CHECKPOINT || path.startsWith(TILES)
}

/** One of a bounded set of names, whatever was asked for. */
export function routeName(path: string | undefined): string {
  if (path === HEALTH || path === METRICS || path === CHECKPOINT) return path.slice(1)
  if (path?.startsWith(ENTRIES)) return 'entries'
  if (path?.startsWith(TILES)) return 'tile'
  if (!path?.startsWith(CALLS)) return 'other'
  const procedure = path.slice(CALLS.length)
  if (Object.hasOwn(PROCEDURES, procedure)) return procedure
  return procedure.includes(',') ? 'batch' : 'other'
}

/** Whether this name stands for a stream of events, which goes on for as long as somebody watches. */
export function isWatching(route: string): boolean {
  return PROCEDURES[route]?._def.type === 'subscription'
}

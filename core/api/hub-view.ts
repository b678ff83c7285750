/**
 * How a sequencer is doing, for whoever runs it: what a hub tells its operator by `status.show`, and what the program that holds
 * a ledger's lock tells other programs on its machine. Whoever reads it from elsewhere checks its form; there may be more in it.
 * Counts are since the program was started, and so is everything that is known of those who follow.
 */

import { z } from 'zod'
import { FAILURE_CODES } from './failures.ts'

/** Most followers and witnesses that are told of. */
export const MAX_SHOWN_FOLLOWERS = 100
const MAX_WITNESSES = 64
const MAX_ALERTS = 32
const MAX_NAMES = 200
const MAX_NAME_CHARACTERS = 200
const MAX_MESSAGE_CHARACTERS = 4_000
/** How many seconds, and how many minutes, the pace is told for. */
export const PACE_STEPS = 60

const count = z.int().min(0)
const name = z.string().max(MAX_NAME_CHARACTERS)
const message = z.string().max(MAX_MESSAGE_CHARACTERS)
const time = z.iso.datetime({ precision: 3 })
const steps = z.array(count).max(PACE_STEPS)
/** How often what happened, by its name. */
const counts = z
  .record(z.string().max(64), count)
  .refine((given) => Object.keys(given).length <= MAX_NAMES, `must have at most ${MAX_NAMES} names`)

/** Somebody who reads the log: a mirror, an auditor, a program that watches. */
const follower = z.object({
  /** Where its requests come from, as the limits count it, and what the program calls itself. */
  address: name,
  program: name,
  /** The read token's name, or the account that signed in. */
  name: name.optional(),
  since: time,
  seen: time,
  /** Streams of events that are open. */
  streams: count,
  /** How many entries it was told of: by the last event, or by the last checkpoint that it asked for. */
  told: count.optional(),
  /** Up to which entry it has read: by tiles, or as events. */
  read: count.optional(),
})

const witness = z.object({
  name,
  /** Entries that it cosigned last, as far as is known here; when, and what is wrong since then. */
  size: count,
  cosigned: time.optional(),
  failure: z.object({ message, time }).optional(),
})

const alert = z.object({
  /** As in docs/hub/alerts.yml. */
  name,
  severity: z.enum(['page', 'ticket']),
  /** Since when its condition holds. */
  since: time,
  /** The figure that it is about. */
  value: z.number().optional(),
})

const view = z.object({
  /** A hub serves others; a console writes for this machine alone. */
  program: z.enum(['hub', 'console']),
  version: name,
  started: time,
  /** Now, by the clock of its machine. */
  now: time,
  listening: name.optional(),
  access: z.enum(['public', 'private']).optional(),
  /** Why it takes no transactions now. */
  failure: z.object({ code: z.enum(FAILURE_CODES), message }).optional(),
  /** What the log has, what of it is published, and what a quorum of witnesses cosigned. */
  log: z.object({ entries: count, lastEntry: time, published: count, cosigned: count.optional() }),
  /** Entries sequenced in each of the last seconds and minutes, the newest last; those under way are left out. */
  pace: z.object({ seconds: steps, minutes: steps }),
  queue: z.object({ notes: count, most: count }),
  notes: z.object({ accepted: count, repeated: count, refused: counts, failed: counts }),
  requests: z.object({ answered: count, failed: count, turnedAway: counts }),
  connections: count,
  streams: count,
  followers: z.array(follower).max(MAX_SHOWN_FOLLOWERS),
  /** Undefined where it has none. */
  witnesses: z.array(witness).max(MAX_WITNESSES).optional(),
  /** Bytes of the ledger's files; free on their disk, and of all of it. */
  storage: z.object({ book: count, writeAhead: count, index: count, guard: count, free: count, disk: count }),
  scheduler: z.object({
    /** Why there is none. */
    off: message.optional(),
    /** When it last ran to its end, or began. */
    ran: time.optional(),
    renewed: count,
    closed: count,
    refused: count,
    failures: count,
  }),
  alerts: z.array(alert).max(MAX_ALERTS),
})

export type HubView = z.output<typeof view>
export type HubFollower = HubView['followers'][number]
export type HubWitness = NonNullable<HubView['witnesses']>[number]
export type HubAlert = HubView['alerts'][number]

/** The form that tRPC gives the answer over HTTP. */
const result = z.object({ result: z.object({ data: view }) })

/** The view in the body of a hub's answer; undefined where there is none in it. */
export function readHubAnswer(body: string): HubView | undefined {
  try {
    return result.safeParse(JSON.parse(body)).data?.result.data
  } catch {
    return undefined
  }
}

/** The view in what another program of this machine told; undefined where there is none in it. */
export function readHubView(told: unknown): HubView | undefined {
  return view.safeParse(told).data
}

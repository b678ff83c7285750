/** The hub's figures, in the text form of Prometheus. What each means to an operator: docs/operations.md. */

import type { Server, ServerResponse } from 'node:http'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { FAILURE_CODES } from '../api/failures.ts'
import { CODES } from '../domain/refusal.ts'
import { TURNED_AWAY, type TurnedAway } from './gate.ts'
import { ROUTES } from './hub-routes.ts'

/** From a note that waits for nothing to one that waits behind thousands. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** What became of a note; the code of a refusal or failure is counted with it. */
type NoteOutcome = 'accepted' | 'repeated' | 'refused' | 'failed'

/** One answered request. */
export interface RequestFacts {
  /** One of a bounded set: a kind of resource, or the one procedure that was called. */
  readonly route: string
  readonly method: string
  readonly status: number
  readonly seconds: number
  /** Whether it is a stream of events, which goes on for as long as somebody watches: its duration tells nothing. */
  readonly isEvents: boolean
}

/** What is looked up when the figures are asked for. */
interface Gauges {
  readonly size: () => number
  readonly isUp: () => boolean
  /** Unix seconds of the ledger's last entry. */
  readonly lastEntryTime: () => number
  /** Free bytes of the disk with the ledger. */
  readonly freeBytes: () => number
}

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST']
/** The statuses of requests that failed. */
const FAILED_STATUSES = [500, 503]

export class HubMetrics {
  readonly registry = new Registry()
  readonly #requests = this.#counter('nimledger_http_requests_total', 'Requests answered.', ['route', 'method', 'status'])
  readonly #requestSeconds = this.#histogram(
    'nimledger_http_request_duration_seconds',
    'From the head of a request to the end of its answer.',
    ['route'],
  )
  readonly #notes = this.#counter('nimledger_notes_total', 'Notes by what became of them.', ['outcome', 'code'])
  readonly #noteSeconds = this.#histogram('nimledger_note_duration_seconds', 'From a note to its durable outcome.', [])
  readonly #waiting = this.#gauge('nimledger_notes_waiting', 'Notes that have no outcome yet.')
  readonly #watchers = this.#gauge('nimledger_watchers', 'Streams of events that are open.')
  readonly #scheduled = this.#counter('nimledger_scheduled_total', 'What the scheduler submitted, by what became of it.', [
    'outcome',
  ])
  readonly #scheduleTime = this.#gauge(
    'nimledger_schedule_last_success_timestamp_seconds',
    'When the scheduler last ran to its end, or began; 0 where there is none.',
  )
  readonly #scheduleFailures = this.#counter('nimledger_schedule_failures_total', 'Runs of the scheduler that failed.', [])
  readonly #turnedAway = this.#counter('nimledger_turned_away_total', 'What was turned away before it was looked at.', ['why'])
  readonly #reloads = this.#counter('nimledger_reloads_total', 'Times the settings were read again.', ['outcome'])

  constructor(gauges: Gauges) {
    this.#begin()
    this.#gauge('nimledger_log_entries', 'Entries that the checkpoint covers.', gauges.size)
    this.#gauge('nimledger_ledger_up', '1 while the ledger takes notes, 0 while it does not.', () => (gauges.isUp() ? 1 : 0))
    this.#gauge('nimledger_last_entry_timestamp_seconds', 'The time of the last entry.', gauges.lastEntryTime)
    this.#gauge('nimledger_disk_free_bytes', 'Free space where the ledger is.', gauges.freeBytes)
  }

  /** From now on the figures of the process are among them, for as long as it runs. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.registry })
  }

  /** Every alarming series exists from the start: if one begins with its first event, no increase is seen. */
  #begin(): void {
    for (const route of ROUTES)
      for (const method of ['GET', 'POST']) for (const status of FAILED_STATUSES) this.#requests.inc({ route, method, status }, 0)
    for (const outcome of ['accepted', 'repeated'] as const) this.#notes.inc({ outcome, code: '' }, 0)
    for (const code of CODES) this.#notes.inc({ outcome: 'refused', code }, 0)
    for (const code of FAILURE_CODES) this.#notes.inc({ outcome: 'failed', code }, 0)
    for (const outcome of ['renewed', 'closed', 'refused'] as const) this.#scheduled.inc({ outcome }, 0)
    for (const outcome of ['done', 'failed'] as const) this.#reloads.inc({ outcome }, 0)
    for (const why of TURNED_AWAY) this.#turnedAway.inc({ why }, 0)
  }

  answered({ route, method, status, seconds, isEvents }: RequestFacts): void {
    // A method can be any word; unexpected ones are counted as one.
    this.#requests.inc({ route, method: METHODS.includes(method) ? method : 'other', status })
    if (!isEvents) this.#requestSeconds.observe({ route }, seconds)
  }

  noteTaken(): void {
    this.#waiting.inc()
  }

  noteAnswered(outcome: NoteOutcome, code: string, seconds: number): void {
    this.#waiting.dec()
    this.#notes.inc({ outcome, code })
    this.#noteSeconds.observe(seconds)
  }

  /** Counts a stream of events until it ends. */
  watched(response: ServerResponse): void {
    this.#watchers.inc()
    response.on('close', () => this.#watchers.dec())
  }

  countConnections(server: Server): void {
    let open = 0
    server.on('connection', (socket) => {
      open += 1
      socket.on('close', () => (open -= 1))
    })
    this.#gauge('nimledger_http_connections', 'Connections that are open.', () => open)
  }

  scheduled(outcome: 'renewed' | 'closed' | 'refused', count: number): void {
    if (count > 0) this.#scheduled.inc({ outcome }, count)
  }

  /** Says that there is a scheduler from now on. */
  schedules(seconds: number): void {
    this.#scheduleTime.set(seconds)
  }

  scheduleRan(isDone: boolean, seconds: number): void {
    if (isDone) this.#scheduleTime.set(seconds)
    else this.#scheduleFailures.inc()
  }

  turnedAway(why: TurnedAway): void {
    this.#turnedAway.inc({ why })
  }

  reloaded(isDone: boolean): void {
    this.#reloads.inc({ outcome: isDone ? 'done' : 'failed' })
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] })
  }

  #histogram<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets: SECONDS, registers: [this.registry] })
  }

  #gauge(name: string, help: string, value?: () => number): Gauge {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.registry],
      ...(value && { collect: () => gauge.set(value()) }),
    })
    return gauge
  }
}

/** The hub's figures as numbers: read from the very series that Prometheus is shown, so that both tell the same. */

import type { Registry } from 'prom-client'

/** Counts are since the program was started. What is undefined is not measured here. */
export interface Figures {
  readonly entries: number
  readonly cosigned: number | undefined
  readonly isUp: boolean
  readonly freeBytes: number
  readonly waiting: number
  readonly accepted: number
  readonly repeated: number
  /** By code, those that occurred. */
  readonly refused: Readonly<Record<string, number>>
  readonly failed: Readonly<Record<string, number>>
  /** Notes that were answered, and those of them that took more than a second. */
  readonly answered: number
  readonly slow: number
  readonly connections: number
  readonly streams: number
  readonly requests: number
  /** Requests that ended in 5xx. */
  readonly failedRequests: number
  readonly turnedAway: Readonly<Record<string, number>>
  readonly failedReloads: number
  readonly witnessRefusals: number
  readonly openFiles: number | undefined
  readonly mostFiles: number | undefined
  /** Unix seconds of the scheduler's last success; 0 where there is none. */
  readonly scheduled: number
  readonly renewed: number
  readonly closed: number
  readonly scheduleRefusals: number
  readonly scheduleFailures: number
}

type Labels = Readonly<Record<string, string | number | undefined>>
interface Value {
  readonly value: number
  readonly labels: Labels
  readonly metricName?: string
}

const SLOW_SECONDS = 1

export async function readFigures(registry: Registry): Promise<Figures> {
  const valuesOf = async (name: string): Promise<readonly Value[]> => {
    const found = await registry.getSingleMetric(`nimledger_${name}`)?.get()
    return (found?.values ?? []) as readonly Value[]
  }
  const figureOf = async (name: string) => (await valuesOf(name))[0]?.value ?? 0
  const processOf = async (name: string) => (await registry.getSingleMetric(`process_${name}`)?.get())?.values[0]?.value
  const notes = await valuesOf('notes_total')
  const durations = await valuesOf('note_duration_seconds')
  const requests = await valuesOf('http_requests_total')
  const scheduled = await valuesOf('scheduled_total')
  const answered = durations.find(({ metricName }) => metricName?.endsWith('_count'))?.value ?? 0
  const quick = durations.find(({ labels }) => labels.le === SLOW_SECONDS)?.value ?? 0
  return {
    entries: await figureOf('log_entries'),
    cosigned: (await valuesOf('cosigned_entries'))[0]?.value,
    isUp: (await figureOf('ledger_up')) === 1,
    freeBytes: await figureOf('disk_free_bytes'),
    waiting: await figureOf('notes_waiting'),
    accepted: sumOf(notes, ({ outcome }) => outcome === 'accepted'),
    repeated: sumOf(notes, ({ outcome }) => outcome === 'repeated'),
    refused: countsBy('code', notes, ({ outcome }) => outcome === 'refused'),
    failed: countsBy('code', notes, ({ outcome }) => outcome === 'failed'),
    answered,
    slow: answered - quick,
    connections: await figureOf('http_connections'),
    streams: await figureOf('watchers'),
    requests: sumOf(requests),
    failedRequests: sumOf(requests, ({ status }) => Number(status) >= 500),
    turnedAway: countsBy('why', await valuesOf('turned_away_total')),
    failedReloads: sumOf(await valuesOf('reloads_total'), ({ outcome }) => outcome === 'failed'),
    witnessRefusals: sumOf(await valuesOf('witness_requests_total'), ({ outcome }) => outcome === 'refused'),
    openFiles: await processOf('open_fds'),
    mostFiles: await processOf('max_fds'),
    scheduled: await figureOf('schedule_last_success_timestamp_seconds'),
    renewed: sumOf(scheduled, ({ outcome }) => outcome === 'renewed'),
    closed: sumOf(scheduled, ({ outcome }) => outcome === 'closed'),
    scheduleRefusals: sumOf(scheduled, ({ outcome }) => outcome === 'refused'),
    scheduleFailures: await figureOf('schedule_failures_total'),
  }
}

function sumOf(values: readonly Value[], isWanted: (labels: Labels) => boolean = () => true): number {
  return values.reduce((sum, { value, labels }) => sum + (isWanted(labels) ? value : 0), 0)
}

function countsBy(
  label: string,
  values: readonly Value[],
  isWanted: (labels: Labels) => boolean = () => true,
): Record<string, number> {
  const occurred = values.filter(({ value, labels }) => value > 0 && isWanted(labels))
  return Object.fromEntries(occurred.map(({ value, labels }) => [String(labels[label]), value]))
}
